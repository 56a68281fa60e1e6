"""Chapter 2 in Chromium: the ladder steps, another word asks, the answer is clicked."""

from playwright.sync_api import expect

import attnviz
from tests.browser.test_walkthrough import walk as walk  # a fixture


def test_the_ladder_steps_by_key_and_another_word_asks(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=2&step=6")
    page = opened.page
    first = page.locator(".st-key-first_screen svg.wide")
    expect(first.locator('[data-part="note.D.0.0"]')).to_contain_text("112")
    expect(first.locator('[data-part="note.Z.0.0"]')).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(first.locator('[data-part="note.Z.0.0"]')).to_be_hidden()
    box = page.locator(".st-key-first_screen .stepper").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
    first.locator('[data-part="note.word.1"]').click()
    expect(first.locator('[data-part="note.D.1.0"]')).to_contain_text("48")
    expect(page.locator(".st-key-first_screen .count")).to_have_text("6 / 8")
    first.locator('[data-part="note.A.1.1"]').hover()
    expect(page.locator(".st-key-first_screen .calculation")).to_have_text(
        "e^7 ÷ (e^6 + e^7) ≈ 0.73"
    )
    opened.settle()
    assert "2.row%3D1" in page.url
    assert not opened.problems


def test_the_word_is_clicked_before_its_weight_is_shown(walk, note: attnviz.Trace) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=2")
    page = opened.page
    live = page.locator(".st-key-part_live")
    expect(live).to_contain_text("Predict first")
    page.locator('.st-key-part_keys svg.wide [data-option="most.4"]').click()
    weight = live.locator('svg.wide [data-part="A.0.0.1.4"]')
    expect(weight).to_have_count(1)
    assert float(weight.get_attribute("data-value") or "") == float(note.weights((0, 0))[1, 4])
    right = page.locator(".st-key-part_keys svg.wide .right")
    expect(right).to_have_attribute("data-option", "most.4")
    assert not opened.problems


def test_a_number_is_answered_with_one_press(walk) -> None:  # type: ignore[no-untyped-def]
    page = walk("?ch=2").page
    page.locator(".st-key-said_2_undivided input").fill("0.9")
    page.locator(".st-key-commit_2_undivided button").click()
    asked = page.locator(".st-key-ask_2_undivided")
    expect(asked).to_contain_text("You said 0.9")
    expect(asked).to_contain_text("Right answer")
