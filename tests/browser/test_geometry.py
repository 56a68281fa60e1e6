"""What can be read: no picture too small, cut, overlapping, or without labels in silence.

`geometry.js` measures the page as it stands: text, canvases with what was written on them,
SVG and Plotly's charts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import attnviz
from attnviz.lessons.engine import Part
from attnviz.lessons.handout import handout
from tests.browser.conftest import PATIENCE, Server

GEOMETRY = (Path(__file__).parent / "geometry.js").read_text(encoding="utf-8")
WIDTHS = (1440, 820, 390)
SCREENS = ((1280, 720), (1920, 1080))
CHAPTERS = attnviz.chapters()
LONG = "the%20law%20is%20" * 23  # 71 tokens
PAGES = {
    "explore": "/?v=1",
    "explore, 4 words": "/?v=1&s=The%20cat%20sat%20down",
    "explore, 71 tokens": f"/?v=1&s={LONG}",
    "explore, 302 tokens": f"/?v=1&s={'the%20law%20' * 150}",
    "explore, mean of 12 heads": "/?v=1&lang=zh&combine=mean",
    "train": "/train?v=1",
    "about": "/about",
    "teacher": "/walkthrough?v=1&mode=teacher",
    "print": "/walkthrough?v=1&mode=print",
}
LESSONS = {f"chapter {c.number}": f"/walkthrough?v=1&ch={c.number}" for c in CHAPTERS}
LONG_LESSONS = {
    f"chapter {number}, 71 tokens": f"/walkthrough?v=1&ch={number}&s={LONG}" for number in (1, 3, 7)
}

Go = Callable[[str], Page]


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One page for all of these tests, which measures itself."""
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(GEOMETRY)
    yield page
    context.close()


@pytest.fixture
def go(tab: Page, server: Server) -> Go:
    """Open a place, with every picture that waits for an answer."""

    def to(link: str) -> Page:
        tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
        tab.goto(server.address + link)
        tab.wait_for_selector(
            ".attnviz[data-drawn], .js-plotly-plot, .st-key-about, .st-key-teacher, .st-key-handout"
        )
        still(tab)
        waiting = tab.get_by_role("button", name="Show it without an answer")
        while waiting.count():
            waiting.first.click()
            still(tab)
        return tab

    return to


def still(page: Page) -> None:
    """Wait until nothing on the page moves."""
    page.evaluate("attnvizStill()")


def faults(page: Page) -> list[str]:
    """What cannot be read on a page."""
    found: list[str] = page.evaluate("attnvizFaults()")
    return found


@pytest.mark.parametrize("place", [*PAGES, *LESSONS, *LONG_LESSONS])
def test_everything_can_be_read(go: Go, place: str) -> None:
    page = go({**PAGES, **LESSONS, **LONG_LESSONS}[place])
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        still(page)
        found[width] = faults(page)
    assert found == {width: [] for width in WIDTHS}


@pytest.mark.parametrize("size", SCREENS, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: f"chapter {chapter.number}")
def test_every_screen_can_be_read(go: Go, chapter: attnviz.Chapter, size: tuple[int, int]) -> None:
    found = {}
    page = go(f"/walkthrough?v=1&mode=presenter&ch={chapter.number}")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for screen in chapter.screens:
        still(page)
        name = screen.name if isinstance(screen, Part) else str(screen)
        found[name] = faults(page)
        page.keyboard.press("ArrowRight")
    assert not {name: some for name, some in found.items() if some}


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_handout_can_be_read(
    browser: Browser, note: attnviz.Trace, tmp_path: Path, medium: str
) -> None:
    file = tmp_path / "handout.html"
    file.write_text(handout(note), encoding="utf-8")
    width = 680 if medium == "print" else 1000  # px of 180 mm
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.add_init_script(GEOMETRY)
    page.goto(f"file://{file}")
    page.wait_for_selector(".picture .attnviz[data-drawn]")
    page.emulate_media(media="print" if medium == "print" else "screen")
    still(page)
    assert faults(page) == []
    context.close()
