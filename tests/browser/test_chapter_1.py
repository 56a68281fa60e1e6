"""Chapter 1 in Chromium: its figure fits, steps by key, plays a dot product, takes a number."""

import re

from playwright.sync_api import Page, expect

from tests.browser.test_walkthrough import walk as walk  # a fixture


def cell(page: Page, part: str):  # type: ignore[no-untyped-def]
    return page.locator(f'.st-key-first_screen svg.wide [data-part="{part}"]')


def test_the_first_screen_fits_and_its_figure_steps_by_key(walk) -> None:  # type: ignore[no-untyped-def]
    page = walk("?v=1&ch=1").page
    expect(cell(page, "note.Q.0.0")).to_be_hidden()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(cell(page, "note.Q.0.0")).to_be_visible()
    expect(cell(page, "ours.V.1.2")).to_have_attribute("data-value", "3.0")
    expect(page.locator(".st-key-first_screen .count")).to_have_text("6 / 6")
    box = page.locator(".st-key-first_screen .stepper").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900


def test_a_dot_product_is_played_and_a_typed_number_changes_it(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=1&step=5")
    page = opened.page
    cell(page, "note.Q.0.0").hover()
    line = page.locator(".st-key-first_screen .calculation")
    expect(line).to_have_text("Q₀ · Thinking: 1 · 5 + 0 · 2 + 1 · 3 + 0 · 2 = 8")
    lit = page.locator(".st-key-first_screen svg.wide .cell.lit")
    assert {one.get_attribute("data-part") for one in lit.all()} == {
        "note.Q.0.0",
        *(f"note.X.0.{i}" for i in range(4)),
        *(f"note.WQ.{i}.0" for i in range(4)),
    }
    cell(page, "note.X.0.1").click()
    field = page.locator(".st-key-first_screen input.edit")
    expect(field).to_be_focused()
    page.keyboard.type("3")
    expect(cell(page, "typed.Q.0.0.0")).to_have_attribute("data-value", "14.0")
    expect(cell(page, "typed.Q.0.1.0")).to_have_attribute("data-value", "4.0")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(cell(page, "typed.Q.0.0.0")).to_have_attribute("data-value", "16.0")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    opened.settle()
    assert re.search(r"1\.numbers%3DEX\.0\.1\.4", page.url)
    page.get_by_role("button", name="Put the note's numbers back").click()
    expect(cell(page, "note.Q.0.0")).to_have_attribute("data-value", "8.0")
    assert not opened.problems


def test_the_longest_q_is_clicked_in_the_picture(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=1")
    page = opened.page
    part = page.locator(".st-key-part_projections")
    length = part.locator('svg.wide [data-part^="length."]').first
    expect(length).to_be_hidden()
    part.locator('svg.wide [data-option="longest.2"]').click()
    expect(part).to_contain_text("You said law (2)")
    expect(length).to_be_visible()
    opened.settle()
    assert "1.longest%3D2" in page.url
