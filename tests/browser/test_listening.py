"""Whatever a component hears, it hears once, however often the page is drawn anew.

Streamlit calls a component again on new data, and lets only its last call clean up.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Server, Visit, settle, watched

SCRIPT = Path(__file__).parent / "listening.js"


@pytest.fixture
def listened(server: Server, open_tab: Callable[..., Page]) -> Callable[[str], Visit]:
    """Open a link in a page that counts what its components hear."""

    def opened(link: str) -> Visit:
        found = watched(open_tab())
        found.page.add_init_script(path=SCRIPT)
        found.page.goto(f"{server.address}{link}")
        found.page.wait_for_selector(".attnviz[data-drawn], .st-key-speaker", state="attached")
        found.settle()
        return found

    return opened


def in_language(page: Page, name: str) -> None:
    page.locator(".st-key-language_switch").get_by_text(name, exact=True).click()


def chapter(page: Page, number: int) -> None:
    page.locator(".st-key-walk_chapter button").nth(number - 1).click()


def jump(page: Page, number: int) -> None:
    page.keyboard.type(str(number))
    page.keyboard.press("Enter")


WAYS: dict[str, tuple[str, Callable[[Page], None], Callable[[Page], None]]] = {
    "language": (
        "/walkthrough",
        lambda p: in_language(p, "中文"),
        lambda p: in_language(p, "English"),
    ),
    "chapter": ("/walkthrough?ch=1", lambda p: chapter(p, 2), lambda p: chapter(p, 1)),
    "presenter": ("/walkthrough?ch=2&mode=presenter", lambda p: jump(p, 8), lambda p: jump(p, 2)),
    "speaker": (
        "/walkthrough?ch=2&mode=speaker",
        lambda p: p.emulate_media(color_scheme="dark"),
        lambda p: p.emulate_media(color_scheme="light"),
    ),
    "explore": ("/", lambda p: in_language(p, "中文"), lambda p: in_language(p, "English")),
    "embedded": (
        "/?embed=true&show=lines",
        lambda p: p.emulate_media(color_scheme="dark"),
        lambda p: p.emulate_media(color_scheme="light"),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_heard_twice_after_the_page_was_drawn_anew(
    listened: Callable[[str], Visit], way: str
) -> None:
    link, there, back = WAYS[way]
    page = listened(link).page
    at_first = page.evaluate("heard()")
    assert at_first, "the script that counts is there"
    for _ in range(2):
        for turn in (there, back):
            turn(page)
            settle(page)
    assert page.evaluate("heard()") == at_first
