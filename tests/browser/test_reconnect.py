"""Reconnecting: whatever is done while a page finds its server again is there afterwards.

The old page stands all the time, so a person goes on with it: before the connection is open
again, before the new session has drawn anything, and later.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Tiles, settle
from tests.browser.own_server import STATE, OwnServer, is_whole, type_text

NEW = "and it answers again to the secret mat"
CONNECTED = '[data-testid="stApp"][data-test-connection-state="CONNECTED"]'


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    found = OwnServer(tmp_path_factory.mktemp("own"))
    yield found
    found.kill()


@pytest.fixture
def own(started: OwnServer) -> OwnServer:
    """A server that runs: the last test's, which it has started again, or else a new one."""
    if not started.is_running:
        started.start()
    return started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1400})
    context.add_init_script(
        """window.sockets = [];
        window.WebSocket = class extends WebSocket {
          constructor(...given) { super(...given); window.sockets.push(this); }
          send(data) { if (!this.isDeaf) super.send(data); }
        };"""
    )
    opened = context.new_page()
    yield opened
    context.close()


def cut_off(own: OwnServer, page: Page) -> None:
    """The server dies, and the page has noticed."""
    own.kill()
    page.wait_for_selector(f"[data-testid=stApp]:not({CONNECTED})")


def start_again(own: OwnServer, page: Page, *, is_held_up: bool = False) -> None:
    """The server is there again, and the page has noticed."""
    own.start(is_held_up=is_held_up)
    page.wait_for_selector(CONNECTED)


def show_special_tokens(page: Page) -> None:
    """Which the view of STATE hides."""
    page.locator(".st-key-filter_open button").first.click()
    page.locator("label", has_text="Hide special").click()
    page.keyboard.press("Escape")


def has_answered(page: Page) -> None:
    """What was typed is what is drawn and what stands in the box and in the address."""
    page.locator(".st-key-lines .token", has_text="answers").first.wait_for()
    settle(page)
    expect(page.get_by_label("Sentence", exact=True)).to_have_value(NEW)
    assert page.locator(".st-key-lines .token", has_text="answers").first.is_visible()
    assert "answers" in page.url


def test_a_killed_server_comes_back_and_so_does_the_page(own: OwnServer, page: Page) -> None:
    page.goto(f"{own.address}/{STATE}")
    is_whole(page)
    cut_off(own, page)
    start_again(own, page)
    is_whole(page)
    type_text(page, NEW)
    has_answered(page)


def test_a_dropped_websocket_is_taken_up_again(own: OwnServer, page: Page) -> None:
    page.goto(f"{own.address}/{STATE}")
    is_whole(page)
    page.evaluate("window.sockets.forEach((socket) => socket.close())")
    page.wait_for_function("window.sockets.at(-1).readyState === 1 && window.sockets.length > 1")
    is_whole(page)
    type_text(page, NEW)
    has_answered(page)


def test_what_is_done_before_the_connection_is_open_again_is_kept(
    own: OwnServer, page: Page
) -> None:
    page.goto(f"{own.address}/{STATE}")
    is_whole(page)
    page.evaluate("window.sockets.at(-1).isDeaf = true")  # it is cut off, and does not know yet
    type_text(page, NEW)
    show_special_tokens(page)
    cut_off(own, page)
    overview = page.locator(".st-key-overview canvas").first
    overview.click(position=Tiles.of(overview).point(5, 3))
    start_again(own, page)
    has_answered(page)
    expect(page.locator(".st-key-filter_open button").first).to_contain_text("Filter (0)")
    assert "nosp" not in page.url
    page.locator(".st-key-lines .title", has_text="L5·H3").wait_for()


def test_what_is_being_typed_while_the_connection_is_lost_stands_in_its_box(
    own: OwnServer, page: Page
) -> None:
    page.goto(f"{own.address}/{STATE}")
    is_whole(page)
    page.get_by_label("Sentence", exact=True).fill(NEW)
    cut_off(own, page)
    start_again(own, page)
    settle(page)
    page.get_by_label("Sentence", exact=True).press("Enter")
    has_answered(page)


def test_what_is_done_before_the_first_run_is_done_is_kept(own: OwnServer, page: Page) -> None:
    page.goto(f"{own.address}/{STATE}")
    is_whole(page)
    cut_off(own, page)
    start_again(own, page, is_held_up=True)
    type_text(page, NEW)
    show_special_tokens(page)
    overview = page.locator(".st-key-overview canvas").first
    overview.click(position=Tiles.of(overview).point(5, 3))
    overview.click(position=Tiles.of(overview).point(4, 7), modifiers=["Shift"])
    own.go_on()
    has_answered(page)
    expect(page.locator(".st-key-filter_open button").first).to_contain_text("Filter (0)")
    assert "nosp" not in page.url
    page.locator(".st-key-lines .title", has_text="L5·H3").wait_for()
    page.locator(".st-key-lines .title", has_text="L4·H7").wait_for()


def test_what_is_done_in_the_walkthrough_before_the_first_run_is_done_is_kept(
    own: OwnServer, page: Page
) -> None:
    page.goto(f"{own.address}/walkthrough?v=1&ch=2")
    page.wait_for_selector(".st-key-lesson h2")
    settle(page)
    cut_off(own, page)
    start_again(own, page, is_held_up=True)
    page.locator(".st-key-walk_chapter button").nth(2).click()
    page.get_by_text("中文").click()
    own.go_on()
    page.locator(".st-key-lesson h2", has_text="3 ·").wait_for()
    settle(page)
    assert "ch=3" in page.url
    assert page.evaluate("document.body.innerText").count("预测") > 0
