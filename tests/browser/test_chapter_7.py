"""Chapter 7 in Chromium: the note's lines in steps, by key and by click, on one screen."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests import addresses
from tests.browser.conftest import Server, settle
from tests.conftest import NOTE


def test_two_heads_are_built_by_key_and_clicked(
    server: Server, open_tab: Callable[..., Page]
) -> None:
    page = open_tab()
    page.goto(f"{server.address}/walkthrough?v=1&ch=7")
    figure = page.locator(".st-key-first_screen .stepped").first
    figure.wait_for()
    settle(page)
    wide = figure.locator("svg.wide")
    step = figure.get_attribute
    assert step("data-step") == "0"
    for expected in range(1, 5):
        page.keyboard.press("ArrowRight")
        assert step("data-step") == str(expected)
    bottom = figure.locator(".stepper").evaluate("e => e.getBoundingClientRect().bottom")
    assert bottom <= 900, "the first screen holds the figure and its steps"
    lines = wide.locator(".weight-lines:not([style*=hidden]) .weight-line")
    found = lines.evaluate_all("all => all.map(e => [e.dataset.part, Number(e.dataset.value)])")
    assert len(found) > 300
    for part, weight in found[::17]:
        assert abs(addresses.at(NOTE, part) - weight) < 2e-5, part
    wide.locator('.edge-token[data-part="word.9"][data-choose]').first.hover()
    said = figure.locator(".calculation")
    expect(said).to_contain_text("application (10) 0.95")
    lit = wide.locator(".weight-line.lit").evaluate_all("all => all.map(e => e.dataset.part)")
    assert lit
    assert all(part.startswith("N.2.1.9.") for part in lit)
    wide.locator('[data-option="hub@L2H1-hidden.10"]').click()
    asked = page.locator('[class*="st-key-ask_7_hub"]')
    expect(asked).to_contain_text("✓ You said application")
    expect(wide.locator('[data-option="hub@L2H1-hidden.10"].right')).to_have_count(1)
    page.locator('circle[data-name="L4·H11"]').click(modifiers=["Control"])
    expect(page.locator(".st-key-first_screen svg.wide")).to_contain_text("L4·H11")
