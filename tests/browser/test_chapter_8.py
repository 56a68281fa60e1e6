"""Chapter 8 in Chromium: the stack in steps; what answers a question is there once it is said."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests import addresses
from tests.browser.conftest import Server, settle

MACHINES = "Thinking Machines"


def test_the_stack_is_built_and_its_bars_fill_once_predicted(
    server: Server, open_tab: Callable[..., Page]
) -> None:
    page = open_tab()
    page.goto(f"{server.address}/walkthrough?v=1&ch=8&s=Thinking%20Machines")
    figure = page.locator(".st-key-first_screen .stepped").first
    figure.wait_for()
    settle(page)
    wide = figure.locator("svg.wide")
    for expected in range(1, 6):
        page.keyboard.press("ArrowRight")
        assert figure.get_attribute("data-step") == str(expected)
    bottom = figure.locator(".stepper").evaluate("e => e.getBoundingClientRect().bottom")
    assert bottom <= 900, "the first screen holds the figure and its steps"
    cells = wide.locator(".matrix .cell").evaluate_all(
        "all => all.map(e => [e.dataset.part, Number(e.dataset.value)])"
    )
    assert len(cells) == 3 * 3 * 2
    for part, value in cells:
        assert abs(addresses.at(MACHINES, part) - value) < 2e-5, part
    top = wide.locator('rect[data-part="share.5.1.1"]')
    expect(top).to_be_hidden()
    page.locator(".st-key-ask_8_own input").fill("0.4")
    page.locator(".st-key-ask_8_own").get_by_role("button", name="That is my answer").click()
    expect(page.locator(".st-key-ask_8_own")).to_contain_text("Right answer: 0.348, rounded")
    expect(top).to_be_visible()
    assert round(float(top.get_attribute("data-value") or 0), 2) == 0.35
