"""The real app in a process of its own, and a real Chromium to look at it."""

import os
import socket
import subprocess
import sys
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Position,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.waiting import CEILING, until

ROOT = Path(__file__).parents[2]
NETGUARD = Path(__file__).parent / "netguard"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
FLAGS += ["--process-per-site"]  # so that the next page of a context need not read the scripts anew
PATIENCE = 1000 * CEILING  # ms; a busy machine is slow, not wrong
MOST_DIFFERENT = "/?v=1&ha=0.2&hb=1.8"  # on the note's sentence, with every token
OTHER_PAGES = {  # besides Explore and the chapters
    "embedded": "/?v=1&embed=true",
    "train": "/train?v=1",
    "train, compare": "/train?v=1&do=compare",
    "about": "/about",
    "teacher": "/walkthrough?v=1&mode=teacher",
    "print": "/walkthrough?v=1&mode=print",
}
SETTLED = Path(__file__).parent / "settled.js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser's test that fails is run once more, and named at the end: a race to be mended.

    Hundreds of them share two cores; what fails both times fails.
    """
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1))


@dataclass
class Server:
    """The running app, and what it tried to reach outside."""

    address: str
    netguard: Path

    def reached_outside(self) -> str:
        return self.netguard.read_text() if self.netguard.exists() else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_up(address: str, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=CEILING)  # noqa: S310
        except OSError:
            return False
        return True

    until(answers, alive=lambda: process.poll() is None)


@contextmanager
def running(netguard: Path, output: Path | None = None, **environment: str) -> Iterator[Server]:
    """The app in a process of its own, which writes into `netguard` what it reaches outside.

    What it says goes into `output`, or where the tests speak.
    """
    port = free_port()
    found = Server(f"http://127.0.0.1:{port}", netguard)
    inherited = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    watched = {"PYTHONPATH": str(NETGUARD), "ATTNVIZ_NETGUARD": str(netguard)}
    with nullcontext() if output is None else output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=ROOT,
            env={**inherited, **watched, **environment},
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_up(found.address, process)
            yield found
        finally:
            process.terminate()
            process.wait(timeout=CEILING)
    assert found.reached_outside() == "", "whatever the tests of this process made it do"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server") / "outside.txt") as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process; whatever waits in it waits for the ceiling."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        path = os.environ.get("ATTNVIZ_CHROMIUM", "/usr/bin/chromium")
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        new_context = opened.new_context

        def patient(**options: Any) -> BrowserContext:
            context = new_context(**options)
            context.set_default_timeout(PATIENCE)
            context.add_init_script(path=SETTLED)
            return context

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(opened, "new_context", patient)
            yield opened
        opened.close()


@dataclass(frozen=True)
class Tiles:
    """Where the tiles of an overview stand on its canvas, as the canvas itself says."""

    left: float
    top: float
    tile: float  # the side of one
    step: float  # from one to the next

    @staticmethod
    def of(canvas: Locator) -> "Tiles":
        said = canvas.evaluate("c => ({...c.dataset})")
        return Tiles(**{name: float(said[name]) for name in ("left", "top", "tile", "step")})

    def point(self, layer: int, head: int, down: float = 0.5, right: float = 0.5) -> Position:
        """A point of a tile, in shares of its side."""
        return {
            "x": self.left + head * self.step + right * self.tile,
            "y": self.top + layer * self.step + down * self.tile,
        }


def painted(canvas: Locator) -> np.ndarray:
    """What is on a canvas: "row column rgba". A million numbers one by one would take seconds."""
    png: str = canvas.evaluate("c => c.toDataURL('image/png')")
    with Image.open(BytesIO(b64decode(png.partition(",")[2]))) as image:
        return np.array(image.convert("RGBA"))


def cells_painted(picture: Locator, rows: int, columns: int, at: float = 0.5) -> np.ndarray:
    """The colour `at` a point of each cell of a heatmap, its middle: "row column rgb"."""
    canvas = picture.locator("canvas.map")
    left, cell = (float(canvas.get_attribute(f"data-{name}") or 0) for name in ("left", "cell"))
    down, right = (
        np.floor(first + (np.arange(count) + at) * cell).astype(int)
        for first, count in ((0, rows), (left, columns))
    )
    return painted(canvas)[np.ix_(down, right)][..., :3]


def settle(page: Page) -> None:
    """Wait until the server has answered all that it was asked, and the pictures stand."""
    page.wait_for_function("() => window.settled().then(() => true)")


def open_waiting(page: Page, settled: Callable[[Page], None] = settle) -> None:
    """Open every picture that waits for an answer, and let the page settle after each."""
    waiting = page.locator('[class*="st-key-skip_"] button')
    while waiting.count():
        waiting.first.click()
        settled(page)


@dataclass
class Visit:
    """An open page, with all that it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    sent: list[object] = field(default_factory=list)  # websocket frames to the server
    problems: list[str] = field(default_factory=list)

    def drawn(self, name: str) -> int:
        """How often the picture `name` has been drawn."""
        value = self.page.locator(f".st-key-{name} .attnviz").get_attribute("data-drawn")
        return int(value or 0)

    def settle(self) -> None:
        """Wait until the server has answered and the pictures stand."""
        settle(self.page)

    def tab(self, name: str) -> None:
        """Open a tab of the workspace."""
        self.page.locator(".st-key-tab").get_by_text(name, exact=True).click()
        self.settle()

    def choose(self, button: str, *options: str) -> None:
        """Choose what a button of the row of controls has below it."""
        opened = self.page.locator(f".st-key-{button} button").first
        opened.click()
        for option in options:
            self.page.get_by_text(option, exact=True).last.click()
            self.settle()
        self.page.keyboard.press("Escape")

    def type_text(self, text: str) -> None:
        box = self.page.get_by_label("Sentence", exact=True)
        box.fill(text)
        box.press("Enter")
        self.settle()


class Tabs:
    """Tabs in which the app has been before: its scripts are there already, and nothing else is.

    A cold load is two thirds of what a small test costs. There is one context a language, in
    which a first page stays, without the app: scripts live as long as the process of their site.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._contexts: dict[str, BrowserContext] = {}

    def open(
        self, width: int = 1440, height: int = 900, scheme: str = "light", locale: str = "en-US"
    ) -> Page:
        if locale not in self._contexts:
            self._contexts[locale] = context = self._browser.new_context(locale=locale)
            context.new_page().goto(f"{self._address}/_stcore/health")
        page = self._contexts[locale].new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        return page

    @contextmanager
    def opened(self, script: str) -> Iterator[Page]:
        """A page with a script of a test's own in whatever it loads, until the block ends."""
        page = self.open()
        page.add_init_script(script)
        yield page
        page.close()

    def pages(self) -> set[Page]:
        return {page for context in self._contexts.values() for page in context.pages}

    def forget(self, but: set[Page]) -> None:
        """Close what was opened, and let go of what it may have left in the browser."""
        for context in self._contexts.values():
            first, *others = context.pages
            for page in others:
                if page not in but:
                    page.close()
            context.clear_cookies()
            first.evaluate("localStorage.clear()")

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()


Go = Callable[[str], Page]


def opener(tab: Page, server: Server, size: ViewportSize, stand: Callable[[Page], None]) -> Go:
    """What opens a place of the app in a light browser, until it stands."""

    def to(link: str) -> Page:
        tab.set_viewport_size(size)
        tab.emulate_media(color_scheme="light")
        tab.goto(server.address + link)
        stand(tab)
        return tab

    return to


@pytest.fixture(scope="session")
def tabs(server: Server, browser: Browser) -> Iterator[Tabs]:
    """Of the server of these tests; who opens one here closes it."""
    with closing(Tabs(browser, server.address)) as found:
        yield found


@pytest.fixture
def open_tab(tabs: Tabs) -> Iterator[Callable[..., Page]]:
    """Open empty tabs of a width, height, scheme and language."""
    before = tabs.pages()
    yield tabs.open
    tabs.forget(but=before)


Open = Callable[..., Visit]


@pytest.fixture
def visit(server: Server, open_tab: Callable[..., Page]) -> Open:
    """Open the app, at the two most different heads; everything it does is written down."""

    def open_app(
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        link: str = MOST_DIFFERENT,
        **more: str,
    ) -> Visit:
        page = open_tab(width, height, scheme, **more)
        found = watched(page)
        page.on("websocket", lambda ws: ws.on("framesent", lambda _: found.sent.append(ws)))
        page.goto(server.address + link)
        page.wait_for_selector(".st-key-lines .attnviz svg .lines", state="attached")
        found.settle()
        return found

    return open_app


def watched(page: Page) -> Visit:
    """A visit that has not yet gone anywhere."""
    found = Visit(page)
    page.on("request", lambda request: found.requests.append(request.url))
    page.on("pageerror", lambda problem: found.problems.append(str(problem)))
    page.on("dialog", lambda dialog: found.problems.append(f"dialog {dialog.message}"))
    return found
