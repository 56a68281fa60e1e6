"""All z and one Z in Chromium: what is asked is hidden, answered in the picture, and adds up."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import addresses
from tests.browser.conftest import Server
from tests.conftest import NOTE

PANEL = ".st-key-panel_4_strip"
FIGURE = f"{PANEL} svg.wide"


@pytest.fixture
def page(server: Server, open_tab: Callable[..., Page]) -> Page:
    opened = open_tab()
    opened.goto(f"{server.address}/walkthrough?v=1&ch=4")
    opened.wait_for_selector(FIGURE)
    return opened


def test_heads_pour_into_one_z_and_one_is_switched_off(page: Page) -> None:
    figure = page.locator(FIGURE)
    stepper = page.locator(f"{PANEL} .stepper")
    for seen in (figure, stepper, page.locator(".st-key-ask_4_width")):
        box = seen.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900

    hidden = figure.locator('[data-after="width"]')
    expect(hidden).to_be_hidden()  # while it is asked how wide Z is
    figure.locator('[data-option="width.same"]').click()
    expect(hidden).to_be_visible()
    expect(figure.locator(".guess").first).to_be_hidden()
    expect(page.locator(".st-key-ask_4_width")).to_contain_text("384 come out")

    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(stepper.locator(".count")).to_have_text("7 / 8")
    tensors = addresses.tensors(NOTE)
    for head in range(12):
        bar = figure.locator(f'.part[data-part="P.0.{head}.1.0"]')
        value = float(bar.get_attribute("data-value") or "nan")
        assert value == pytest.approx(tensors["P"][0, head, 1, 0], abs=1e-5)
    figure.locator('.part[data-part="P.0.3.1.0"]').hover()
    expect(page.locator(f"{PANEL} .calculation")).to_contain_text("31 products")

    block = figure.locator('[data-choose*="off"]').nth(3)
    block.focus()
    block.press("Enter")
    total = figure.locator('[data-part="off.Y.0.1.0"]').first
    total.wait_for()
    expected = tensors["Y"][0, 1, 0] - tensors["P"][0, 3, 1, 0]
    assert float(total.get_attribute("data-value") or "nan") == pytest.approx(expected, abs=2e-5)
    expect(figure).to_contain_text(
        re.compile("run again without them: " + f"{expected:.3f}".replace("-", "−"))
    )
