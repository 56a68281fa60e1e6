"""Find a head in a browser: a click in the table makes a head A."""

import attnviz
from tests.browser.conftest import Open

TABLE = '[data-testid="stDataFrame"]'
ROW = 35  # px


def test_a_click_in_the_table_makes_that_head_a(visit: Open, note: attnviz.Trace) -> None:
    opened = visit()
    page = opened.page
    page.get_by_text("Find a head").click()
    page.wait_for_selector(f"{TABLE} canvas")
    page.locator(TABLE).scroll_into_view_if_needed()
    third = attnviz.find(note, "previous")[2].head
    page.locator(TABLE).click(position={"x": 16, "y": 3 * ROW + ROW / 2})
    page.wait_for_url(f"**ha={third.layer}.{third.head}**")
    opened.settle()
    assert opened.problems == []


def test_the_overview_stays_in_sight_beside_the_pictures_and_never_over_the_table(
    visit: Open,
) -> None:
    page = visit(link="?v=1&ha=0.2&hb=1.8&find=1&pin=q1.q2.q3").page
    page.wait_for_selector(f"{TABLE} canvas")
    main = page.locator('[data-testid="stMain"]')
    picker, below = page.locator(".st-key-picker"), page.locator(".st-key-below")
    main.evaluate("m => m.scrollTo(0, 220)")
    stuck = picker.bounding_box()
    assert stuck is not None
    assert 0 < stuck["y"] < 80, "it follows the page as far as its row goes"
    main.evaluate("m => m.scrollTo(0, m.scrollHeight)")
    boxes = picker.bounding_box(), below.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1
