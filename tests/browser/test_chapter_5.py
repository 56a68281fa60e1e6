"""Chapter 5 in Chromium: steps by key, a head and an answer by a click, numbers as computed."""

import pytest
from playwright.sync_api import expect

from tests import addresses
from tests.browser.test_walkthrough import walk  # noqa: F401


def test_the_machine_is_built_chosen_from_and_answered_in(walk) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    opened = walk("?ch=5")
    page = opened.page
    figure = page.locator("svg.figure.wide")
    shown = figure.locator('[data-part^="Q.0.0."]').first
    expect(shown).to_be_hidden()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(shown).to_be_visible()
    expect(page.locator(".stepper .count").first).to_have_text("7 / 7")
    bottom = page.locator(".stepper").first.evaluate("e => e.getBoundingClientRect().bottom")
    assert bottom <= 900
    text = page.get_by_role("textbox").first.input_value()
    figure.locator('[data-choose*="[0, 5]"] text').click()
    expect(figure.locator('[data-part^="Q.0.5."]').first).to_be_visible()
    found = figure.evaluate(
        """svg => [...svg.querySelectorAll("rect.cell")].map(
            (one) => [one.dataset.part, Number(one.dataset.value)])"""
    )
    assert len(found) > 600
    for part, value in found[::7]:
        assert value == pytest.approx(addresses.at(text, part), abs=2e-5), part
    figure.locator('[data-part^="V.0.5."]').first.hover()
    expect(page.locator(".calculation").first).to_contain_text("(381 others)")
    onward = figure.locator("[data-after=entering]")
    expect(onward).to_be_hidden()
    figure.locator('[data-option="entering.r"] > text').click()
    expect(onward).to_be_visible()
    onward.locator("text").click()
    expect(figure.locator('[data-part^="Q.1.5."]').first).to_be_visible()
    assert not opened.problems
