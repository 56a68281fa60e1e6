"""What a person does next crosses the server's answer on its way: nothing goes back by itself."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import Server, Tiles, settle


class Wire:
    """The connection of a page, on which the server's messages can be held back."""

    def __init__(self, page: Page) -> None:
        self._held: list[tuple[WebSocketRoute, str | bytes]] = []
        self._is_held = False
        page.route_web_socket(re.compile("_stcore/stream"), self._connect)

    def _connect(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        server.on_message(lambda message: self._pass_on(page, message))

    def _pass_on(self, page: WebSocketRoute, message: str | bytes) -> None:
        if self._is_held:
            self._held.append((page, message))
        else:
            page.send(message)

    @contextmanager
    def held(self, page: Page) -> Iterator[Callable[[], None]]:
        """Hold the server's messages; what is given waits until it has answered what was asked."""

        def is_answered() -> bool:
            kinds = [ForwardMsg.FromString(bytes(m)).WhichOneof("type") for _, m in self._held]  # type: ignore[arg-type]
            return "script_finished" in kinds

        def until_answered() -> None:
            while not is_answered():
                page.evaluate("() => 0")  # lets messages come

        self._is_held = True
        yield until_answered
        self._is_held = False
        while self._held:
            target, message = self._held.pop(0)
            target.send(message)


def asked(page: Page) -> int:
    """How often a page has asked for a run."""
    count: int = page.evaluate("() => window.testState.asked")
    return count


@pytest.fixture
def opened(server: Server, open_tab: Callable[..., Page]) -> Callable[[str], tuple[Page, Wire]]:
    """Open a page by its path, with its wire."""

    def open_at(path: str) -> tuple[Page, Wire]:
        page = open_tab()
        wire = Wire(page)
        page.goto(f"{server.address}/{path}")
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        settle(page)
        return page, wire

    return open_at


def test_a_head_chosen_in_a_figure_stays_while_its_step_is_told(opened) -> None:  # type: ignore[no-untyped-def]
    page, wire = opened("walkthrough?ch=5&step=6")
    figure = page.locator("svg.figure.wide")
    expect(figure.locator('[data-part^="Q.0.0."]').first).to_be_visible()
    with wire.held(page) as until_answered:
        figure.locator('[data-choose*="[0, 5]"] text').click()
        until_answered()
        before = asked(page)
        page.keyboard.press("ArrowLeft")
        page.wait_for_function("n => window.testState.asked > n", arg=before)  # its step is told
    settle(page)
    expect(figure.locator('[data-part^="Q.0.5."]')).not_to_have_count(0)
    expect(page.get_by_role("combobox", name="Head")).to_have_value("L0·H5")
    expect(page).to_have_url(re.compile("head%3Dh0.5"))


def test_a_head_of_the_overview_stays_while_a_toggle_is_pressed(opened) -> None:  # type: ignore[no-untyped-def]
    page, wire = opened("")
    canvas = page.locator("canvas.map")
    with wire.held(page) as until_answered:
        canvas.click(position=Tiles.of(canvas).point(2, 3))
        until_answered()
        before = asked(page)
        page.get_by_role("button", name="+ second sentence").click()
        page.wait_for_function("n => window.testState.asked > n", arg=before)
    settle(page)
    expect(page.locator(".st-key-lines .panel").first).to_contain_text("L2·H3")
    expect(page).to_have_url(re.compile(r"a=2\.3"))


def test_what_was_overtaken_can_be_chosen_again(opened) -> None:  # type: ignore[no-untyped-def]
    page, _ = opened("walkthrough?ch=5&step=6")
    page.locator('svg.figure.wide [data-choose*="[0, 5]"] text').click()
    head = page.get_by_role("combobox", name="Head")
    expect(head).to_have_value("L0·H5")
    settle(page)
    head.click()
    page.get_by_role("option", name="L0·H0", exact=True).click()
    settle(page)
    expect(head).to_have_value("L0·H0")
    expect(page.locator('svg.figure.wide [data-part^="Q.0.5."]')).to_have_count(0)
