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
