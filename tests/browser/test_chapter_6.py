"""Chapter 6 in Chromium: bars are drawn, then measured ones are shown; a box opens a chapter."""

import re

import pytest
from playwright.sync_api import expect

from attnviz.training import checkpoint
from tests.browser.test_walkthrough import walk  # noqa: F401


def test_bars_are_drawn_before_they_are_measured(walk) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    opened = walk("?ch=6")
    page = opened.page
    figure = page.locator("svg.figure.wide")
    columns = figure.locator(".drawn-bars .column")
    for n, share in enumerate((0.3, 0.5, 0.8)):
        place = columns.nth(n).locator(".reach").bounding_box()
        assert place is not None
        x = place["x"] + place["width"] / 2
        page.mouse.move(x, place["y"] + 0.95 * place["height"])
        page.mouse.down()
        page.mouse.move(x, place["y"] + (1 - share) * place["height"], steps=3)
        page.mouse.up()
    commit = figure.locator(".commit")
    expect(commit).to_be_hidden()
    columns.nth(3).focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    now = [columns.nth(n).get_attribute("aria-valuetext") for n in range(4)]
    assert now == ["30 %", "50 %", "80 %", "95 %"]
    commit.focus()
    page.keyboard.press("Enter")
    measured = figure.locator("g.measured")
    expect(measured).to_have_count(4)
    shown = [float(one.get_attribute("data-value") or "nan") for one in measured.all()]
    trained = map(checkpoint.load_shipped, checkpoint.shipped())
    expected = [t.accuracy for t in trained if t.run.task.name == "eight-looks"]
    assert shown == pytest.approx(sorted(expected))
    figure.locator("[data-goes='4']").click()
    expect(page.locator(".stepper .count").first).to_have_text("5 / 8")
    expect(figure.locator(".box:visible").first).to_contain_text("64 → 32")
    bottom = page.locator(".stepper").first.evaluate("e => e.getBoundingClientRect().bottom")
    assert bottom <= 900
    figure.locator(".box:visible").filter(has_text="Concat").click()
    expect(page.locator(".st-key-lesson h2")).to_contain_text("4 ·")
    expect(page.locator(".stepper .count").first).to_have_text(re.compile("^1 / "))
    assert not opened.problems
