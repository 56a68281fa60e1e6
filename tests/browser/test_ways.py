"""Ways through the pages in a real browser: links, Back, late widgets, what must not move."""

import pytest
from playwright.sync_api import Browser, Page, expect

import attnviz
from tests.browser.conftest import Open, Server, Visit, settle

SAID = ".st-key-choices button"  # each says what is in force
SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.shifts.push(one.value);
  }).observe({ type: "layout-shift", buffered: true });
}"""


def chosen(page: Page) -> list[str]:
    return page.locator(SAID).all_inner_texts()


def go(visit: Visit, name: str) -> None:
    visit.page.get_by_role("link", name=name).first.click()
    visit.settle()


@pytest.mark.parametrize("drawer", ["Share", "Save"])
def test_a_page_link_works_while_something_is_open(visit: Open, drawer: str) -> None:
    opened = visit()
    for name in ("Train", "Walkthrough", "About", "Explore"):
        go(opened, "Explore")
        opened.page.wait_for_selector(".st-key-lines .attnviz svg .lines", state="attached")
        opened.page.get_by_role("button", name=drawer, exact=True).click()
        opened.settle()
        go(opened, name)
        opened.settle()  # the closing popover may ask for its old page after the new one came
        text = opened.page.locator(".stMainBlockContainer").inner_text()
        assert len(text) > 200
        assert "Something went wrong" not in text


def test_a_slider_that_appears_late_shows_what_is_in_force(visit: Open) -> None:
    opened = visit()
    opened.choose("show_open", "their mean")
    opened.page.get_by_role("button", name="Filter (0)").click()
    opened.page.get_by_role("slider").first.wait_for()
    values = [one.input_value() for one in opened.page.get_by_role("slider").all()]
    assert values == ["0", "100"]


def test_back_goes_to_what_was_seen_before(visit: Open) -> None:
    opened = visit()
    seen = [chosen(opened.page)]
    for button, name in (("show_open", "their mean"), ("unit_open", "words")):
        opened.choose(button, name)
        seen.append(chosen(opened.page))
    assert len({tuple(one) for one in seen}) == 3
    for before in reversed(seen[:-1]):
        opened.page.go_back()
        opened.settle()
        assert chosen(opened.page) == before


def test_back_after_a_page_link_goes_to_the_page_before(visit: Open) -> None:
    """A page with a sentence of one's own writes it into its address: that is no step."""
    opened = visit(link="/?v=1&s=the+cat+sat")
    places = ["", "walkthrough", "about", ""]
    for name in ("Walkthrough", "About", "Explore"):
        go(opened, name)
    for place in reversed(places[:-1]):
        opened.page.go_back()
        opened.settle()
        assert opened.page.url.split("?")[0].rpartition("/")[2] == place
    assert opened.page.get_by_label("Sentence", exact=True).input_value() == "the cat sat"


def test_a_text_that_is_committed_by_a_page_link_does_not_hold_the_page(visit: Open) -> None:
    opened = visit()
    hidden = "document.querySelector('[data-testid=stPageLink] a[href$=about]')"
    opened.page.get_by_label("Sentence", exact=True).fill("the cat sat")
    opened.page.evaluate(f"{hidden}.click(); document.activeElement.blur()")  # in this order
    opened.settle()
    opened.page.wait_for_url("**/about*")


def test_a_text_is_committed_before_a_page_link_is_let_go(visit: Open) -> None:
    opened = visit()
    sentence = opened.page.get_by_label("Sentence", exact=True)
    sentence.fill("the cat sat")
    link = opened.page.locator("[data-testid=stPageLink] a[href$=about]")
    link.dispatch_event("pointerdown")
    expect(opened.page.locator(".st-key-lines .panel").first).to_contain_text("sat")
    link.click()
    opened.page.wait_for_url("**/about*")
    go(opened, "Explore")
    assert opened.page.get_by_label("Sentence", exact=True).input_value() == "the cat sat"


def test_the_next_chapter_begins_at_its_top(visit: Open) -> None:
    opened = visit()
    go(opened, "Walkthrough")
    opened.page.get_by_role("button", name="Next chapter").click()
    opened.page.wait_for_selector("text=2 · One head")
    opened.settle()
    assert opened.page.locator('[data-testid="stMain"]').evaluate("main => main.scrollTop") == 0
    opened.page.go_back()
    opened.settle()
    assert opened.page.locator(".st-key-lesson h2").first.inner_text().startswith("1 ")


def test_keys_and_a_clicker_turn_screens_after_a_menu_was_used(visit: Open) -> None:
    opened = visit()
    page = opened.page
    page.goto(f"{page.url.split('?')[0]}walkthrough?v=1&mode=presenter&ch=1&screen=1")
    page.get_by_role("button", name="Choose", exact=True).click()
    menu = page.locator('[data-testid="stPopoverBody"] [role=combobox]').first
    menu.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    opened.settle()
    seen = (
        ".st-key-present_bar, .st-key-present, .st-key-present [data-step], .st-key-present .count"
    )
    shadow = "all => all.map((one) => one.innerText).join()"
    for key in ("ArrowRight", "PageDown", "ArrowLeft", "PageUp"):
        before = page.locator(seen).evaluate_all(shadow)
        page.keyboard.press(key)
        opened.settle()
        assert page.locator(seen).evaluate_all(shadow) != before, key


LOADED = {
    "explore": "/",
    "train": "/train",
    **{f"chapter {c.number}": f"/walkthrough?v=1&ch={c.number}" for c in attnviz.chapters()},
}


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_a_page_comes(server: Server, browser: Browser, width: int) -> None:
    moved = {}
    for place, link in LOADED.items():
        context = browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        page.add_init_script(f"({SHIFTS})()")
        page.goto(server.address + link)
        page.wait_for_selector(".attnviz[data-drawn], .js-plotly-plot .main-svg", state="attached")
        settle(page)
        moved[place] = round(sum(page.evaluate("window.shifts")), 4)
        context.close()
    assert not {place: share for place, share in moved.items() if share >= 0.1}


def test_nothing_moves_under_the_pointer(visit: Open) -> None:
    opened = visit()
    page = opened.page
    page.add_init_script(f"({SHIFTS})()")
    page.reload()
    page.wait_for_selector(".st-key-lines .attnviz svg .lines", state="attached")
    opened.settle()
    page.evaluate("window.shifts = []")
    page.get_by_role("button", name="Filter (0)").click()
    page.get_by_text("Hide special tokens").first.click()
    opened.settle()
    assert sum(page.evaluate("window.shifts")) < 0.005
