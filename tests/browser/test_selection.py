"""One selection on the page: what is pointed at or pinned is marked in every picture."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import attnviz
from attnviz.pictures.lines import FAINTEST
from tests.browser.conftest import Open

TOKENS = 27
A, B = (0, 2), (1, 8)
HEATMAP_A, HEATMAP_B = (f".st-key-heatmaps [data-picture='{n}']" for n in (0, 1))


def label(page: Page, side: str, place: int) -> Locator:
    return page.locator(f'.st-key-lines [data-side="{side}"][data-place="{place}"]').first


def tile_marks(page: Page) -> str | None:
    return page.locator(".st-key-overview canvas.marks").get_attribute("data-marks")


def chart_marks(page: Page, index: int) -> list[str]:
    frames = page.locator(f".st-key-heatmaps [data-picture='{index}'] .marked")
    marks: list[str] = frames.evaluate_all("all => all.map((one) => one.dataset.mark)")
    return marks


def open_tab(page: Page, name: str, waits_for: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    page.wait_for_selector(waits_for, state="attached")


def test_what_is_pointed_at_in_the_lines_is_marked_in_every_tile(visit: Open) -> None:
    opened = visit()
    page, sent = opened.page, len(opened.sent)
    label(page, "q", 5).hover()
    expect(page.locator(".st-key-overview canvas.marks")).to_have_attribute("data-marks", "q5")
    assert len(opened.sent) == sent, "nothing was sent to the server"
    page.mouse.move(2, 2)
    expect(page.locator(".st-key-overview canvas.marks")).to_have_attribute("data-marks", "")


def test_a_tile_shows_all_tokens_whatever_the_lines_hide(visit: Open) -> None:
    page = visit(link="/?v=1&ha=0.2&hb=1.8&nosp=1").page
    label(page, "k", 3).hover()
    assert label(page, "k", 3).locator("title").text_content() == "never (4)"
    expect(page.locator(".st-key-overview canvas.marks")).to_have_attribute("data-marks", "k4")


def test_a_click_on_a_cell_pins_its_query_everywhere(visit: Open) -> None:
    opened = visit()
    page = opened.page
    open_tab(page, "Heatmap", f"{HEATMAP_B} canvas.map")
    opened.settle()
    canvas = page.locator(f"{HEATMAP_B} canvas.map")
    plot = canvas.bounding_box()
    assert plot is not None
    left, cell = (float(canvas.get_attribute(f"data-{name}") or 0) for name in ("left", "cell"))
    x, y = plot["x"] + left + 3.5 * cell, plot["y"] + 12.5 * cell
    page.mouse.move(x - 2, y - 2)
    page.mouse.move(x, y)
    expect(page.locator(f"{HEATMAP_A} .marked")).to_have_count(2)
    for index in (0, 1):
        assert chart_marks(page, index) == ["q12", "k3"]
    assert tile_marks(page) == "q12 k3"
    row = page.locator(f"{HEATMAP_B} [data-mark=q12]").bounding_box()
    column = page.locator(f"{HEATMAP_B} [data-mark=k3]").bounding_box()
    assert row is not None
    assert column is not None
    side = TOKENS * cell
    expected = plot["x"] + left, plot["y"] + 12 * cell, side, cell
    assert tuple(row.values()) == pytest.approx(expected, abs=1)
    expected = plot["x"] + left + 3 * cell, plot["y"], cell, side
    assert tuple(column.values()) == pytest.approx(expected, abs=1)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(re.compile("pin=q12$"))
    page.mouse.move(2, 2)
    expect(page.locator(f"{HEATMAP_A} .marked")).to_have_count(1)
    open_tab(page, "Text", ".st-key-highlights .word")
    pinned = page.locator('.st-key-highlights .word[aria-pressed="true"]')
    expect(pinned).to_have_text(["be", "be"])
    assert pinned.first.get_attribute("data-place") == "12"
    open_tab(page, "Lines", ".st-key-lines .attnviz svg .lines")
    expect(label(page, "q", 12)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda address: "pin" not in address)
    expect(label(page, "q", 12)).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("tab", ["Lines", "Heatmap", "Text", "Arcs"])
def test_escape_that_closes_a_menu_lets_no_pin_go(visit: Open, tab: str) -> None:
    opened = visit(link="/?v=1&ha=0.2&hb=3.3&pin=q4")
    page = opened.page
    opened.tab(tab)
    page.locator(".st-key-filter_open button").first.click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    opened.settle()
    assert page.url.endswith("pin=q4") or "pin=q4&" in page.url
    page.keyboard.press("Escape")
    page.wait_for_url(lambda address: "pin" not in address)


def test_a_word_of_one_text_is_marked_in_the_other_and_in_the_tiles(visit: Open) -> None:
    opened = visit()
    page = opened.page
    open_tab(page, "Text", ".st-key-highlights .word")
    opened.settle()
    words = page.locator(".st-key-highlights .word")
    words.nth(9).hover()
    expect(words.nth(TOKENS + 9)).to_have_class(re.compile("chosen"))
    assert tile_marks(page) == "q9"
    words.nth(9).click()
    page.wait_for_url(re.compile("pin=q9$"))
    open_tab(page, "Heatmap", f"{HEATMAP_B} canvas.map")
    page.mouse.move(2, 2)
    expect(page.locator(f"{HEATMAP_B} .marked")).to_have_count(1)
    assert chart_marks(page, 1) == ["q9"]


def test_numbers_and_arcs_take_part(visit: Open, note: attnviz.Trace) -> None:
    """A cell marks its row and column; a click pins its query; arcs show it, and pin in turn."""
    page = visit(link="/?v=1&ha=0.2&hb=3.3").page
    open_tab(page, "Numbers", ".st-key-table table")
    table = page.locator(".st-key-table table")
    cell = table.locator("tbody tr").nth(3).locator("td").nth(12)
    cell.hover()
    expect(cell).to_have_attribute("data-marked", "q3 k12")
    marked = table.locator("[data-marked]")
    expect(marked).to_have_count(2 * (len(note.tokens) + 1) - 1)
    assert tile_marks(page) == "q3 k12"
    cell.click()
    page.wait_for_url(re.compile("pin=q3$"))
    page.mouse.move(2, 2)
    expect(marked).to_have_count(len(note.tokens) + 1)
    open_tab(page, "Arcs", ".st-key-arcs [data-picture='1'] svg .token")
    pressed = page.locator('.st-key-arcs [data-picture="1"] .token[aria-pressed="true"]')
    expect(pressed).to_have_attribute("data-slot", "3")
    page.locator(".st-key-arcs [data-picture='0'] .token").nth(7).click()
    expect(pressed).to_have_count(2)
    page.wait_for_url(re.compile("pin=q3.q7$"))
    page.keyboard.press("Escape")
    page.wait_for_url(lambda address: "pin" not in address)
    expect(pressed).to_have_count(0)


def test_the_numbers_are_of_the_head_that_their_menu_names(
    visit: Open, note: attnviz.Trace
) -> None:
    """A head's place keeps its number when another head stands there: the name must follow."""
    page = visit(link="/?v=1&ha=0.2&hb=3.3").page
    open_tab(page, "Numbers", ".st-key-table table")
    menu = page.locator(".st-key-table_head input")
    expect(menu).to_have_value("L0·H2")
    page.locator("canvas.map").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "a"):
        page.keyboard.press(key)
    expect(page.locator(".reading").first).to_contain_text("L2·H1")
    expect(menu).to_have_value("L2·H1")
    cell = page.locator(".st-key-table tbody tr").nth(4).locator("td").nth(2)
    expect(cell).to_have_text(f"{note.weights((2, 1))[4, 2]:.4f}")


def test_a_frame_in_the_tiles_says_that_less_than_the_text_is_drawn(visit: Open) -> None:
    painted = """canvas => canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0)"""
    long = f"/?v=1&see=lines&s={'the%20law%20is%20' * 50}"
    assert not visit(link=long).page.locator("canvas.spans").evaluate(painted)
    assert visit(link=f"{long}&span=20-90").page.locator("canvas.spans").evaluate(painted)


def test_a_long_table_of_one_query_is_marked_by_its_keys(visit: Open) -> None:
    words = "+".join(["cat", "dog", "mat"] * 16)
    page = visit(link=f"/?v=1&s={words}&ha=0.2&hb=3.3&tabq=5&pin=q5.k9").page
    open_tab(page, "Numbers", ".st-key-table table")
    marked = page.locator(".st-key-table tbody tr:has(td[data-marked*=k9])")
    expect(marked.locator("th")).to_have_text("mat (9)")
    page.locator(".st-key-table tbody th").nth(20).hover()
    expect(page.locator(".st-key-table tbody th").nth(20)).to_have_attribute(
        "data-marked", "q5 k20"
    )


def test_several_pins_are_a_table_that_adds_up(visit: Open, note: attnviz.Trace) -> None:
    page = visit(link="/?v=1&ha=0.2&hb=3.3&pin=q4.q20").page
    table = page.locator(".st-key-lines table.pins")
    expect(table).to_be_visible()
    assert page.locator(".st-key-lines .number").count() == 0
    rows = [
        [cell.strip() for cell in row.locator("th, td").all_text_contents()]
        for row in table.locator("tbody tr").all()
    ]
    heads = table.locator("thead tr").nth(1).locator("th").all_text_contents()
    assert heads == ["L0·H2", "L3·H3"] * 2
    drawn = []
    for query in (4, 20):
        for head in (A, (3, 3)):
            weights = note.weights(head)[query]
            drawn.append(np.where(weights >= FAINTEST, weights, np.nan))
    strongest = np.nanmax(np.where(np.isnan(drawn), -1, drawn), axis=0)
    order = sorted(np.flatnonzero(strongest > 0), key=lambda key: -strongest[key])
    names = [f"{token.text} ({token.position})" for token in note.tokens]
    assert [row[0] for row in rows[:8]] == [names[key] for key in order[:8]]
    for row, key in zip(rows, order[:8], strict=False):
        assert row[1:] == ["–" if np.isnan(one[key]) else f"{one[key]:.3f}" for one in drawn]
    others, total = rows[8:]
    assert others[0] == f"the other {len(order) - 8} together"
    rest = [one[order[8:]] for one in drawn]
    assert others[1:] == ["–" if np.isnan(one).all() else f"{np.nansum(one):.3f}" for one in rest]
    assert total[0] == "Σ"
    for column in range(1, 5):
        shown = [row[column] for row in rows[:9] if row[column] != "–"]
        assert float(total[column]) == pytest.approx(sum(map(float, shown)), abs=1e-9)


def test_the_note_opens_between_words_as_in_its_figure(visit: Open, note: attnviz.Trace) -> None:
    page = visit(link="/").page
    panels = page.locator(".st-key-lines .panel")
    expect(panels.nth(0)).to_contain_text("L2·H1")
    expect(panels.nth(1)).to_contain_text("L0·H2")
    upper, lower = (panels.nth(index).bounding_box() for index in (0, 1))
    assert upper is not None
    assert lower is not None
    assert upper["y"] + upper["height"] <= lower["y"]
    words = note.weights((2, 1))[1:-1, 1:-1].astype(float)
    words /= words.sum(axis=1, keepdims=True)
    label(page, "q", 1).hover()
    expected = sorted(f"{one:.3f}" for one in words[1] if one >= FAINTEST)
    assert sorted(panels.nth(0).locator(".focus .number").all_text_contents()) == expected
    why = page.locator(".st-key-facts")
    expect(why).to_contain_text("As in the note's figure: L2·H1, between words alone")
    page.get_by_text("No filter", exact=True).click()
    expect(why).to_contain_text("The two heads of the note's figure: L2·H1")


def test_a_drag_over_a_tile_chooses_the_span_that_is_drawn(visit: Open) -> None:
    """Across a quarter of 160 tokens; a click still chooses a head."""
    words = "+".join(["cat"] * 158)
    page = visit(link=f"/?v=1&s={words}&ha=0.2&hb=1.8&see=lines").page
    tiles, frames = page.locator(".st-key-overview canvas.map"), page.locator("canvas.spans")
    expect(frames).to_have_attribute("data-span", "0-159")
    box = tiles.bounding_box()
    assert box is not None
    left, top, side, step = (
        int(tiles.get_attribute(f"data-{name}") or 0) for name in ("left", "top", "tile", "step")
    )
    x, y = box["x"] + left + 3 * step, box["y"] + top + side / 2
    page.mouse.move(x + side / 4, y)
    page.mouse.down()
    page.mouse.move(x + side / 2, y, steps=4)
    dragged = frames.get_attribute("data-span") or ""
    first, last = map(int, dragged.split("-"))
    assert first == pytest.approx(40, abs=5)
    assert last == pytest.approx(80, abs=5)
    expect(page.locator(".st-key-overview .readout")).to_contain_text(f"From cat ({first}) to")
    page.mouse.up()
    page.wait_for_url(re.compile(f"span={dragged}$"))
    labels = page.locator('.st-key-lines svg [data-side="q"]')
    expect(labels.first).to_have_attribute("data-place", "0")
    expect(page.locator(".st-key-lines .note").first).to_contain_text(f"Tokens {first} to {last}")
    assert "ha=0.2" in page.url, "a drag chooses no head"
    tiles.click(position={"x": left + 5 * step + side / 2, "y": top + side / 2})
    page.wait_for_url(re.compile("ha=0.5"))
    expect(frames).to_have_attribute("data-span", dragged)
