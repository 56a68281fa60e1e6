"""The pile of maps in Chromium: painted as the weights are, stepped by keys, lit by a word."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from attnviz.pictures import style
from tests import addresses
from tests.browser.conftest import Server
from tests.conftest import NOTE

FIGURE = ".st-key-panel_3_stack svg.wide"


@pytest.fixture
def page(server: Server, open_tab: Callable[..., Page]) -> Page:
    opened = open_tab()
    opened.goto(f"{server.address}/walkthrough?v=1&ch=3")
    opened.wait_for_selector(f"{FIGURE} image[href]")
    return opened


def pixels(page: Page, label: str) -> np.ndarray:
    """What is painted in the map of a head: "row column rgb"."""
    found = page.locator(f'{FIGURE} image[aria-label="{label}"]').first.evaluate(
        """async (image) => {
            const picture = new Image();
            picture.src = image.getAttribute("href");
            await picture.decode();
            const canvas = document.createElement("canvas");
            Object.assign(canvas, { width: picture.width, height: picture.height });
            const context = canvas.getContext("2d");
            context.drawImage(picture, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            return { rows: canvas.height, data: [...data] };
        }"""
    )
    return np.array(found["data"], np.uint8).reshape(found["rows"], -1, 4)[:, :, :3]


def test_a_pile_of_maps_is_painted_stepped_lit_and_chosen(page: Page) -> None:
    weights = addresses.tensors(NOTE)["A"][0]
    ramp = style.signed_ramp(style.SCORE.light, "light")
    top = float(weights.max())
    for head in (0, 5):
        levels = np.vectorize(lambda value: style.signed_level(float(value), top))(weights[head])
        difference = np.abs(pixels(page, f"L0·H{head}, 27 × 27").astype(int) - ramp[levels])
        assert (difference.max(axis=2) > 0).mean() < 0.005, "but for numbers between two steps"

    figure = page.locator(FIGURE)
    side = page.locator(".st-key-side")
    stepper = page.locator(".st-key-panel_3_stack .stepper")
    for seen in (figure, stepper, side.locator("[class*=st-key-ask_]").first):
        box = seen.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 900

    figure.locator('.mapped[data-goes="3"]').last.press("Enter")  # the pile fans out
    expect(stepper.locator(".count")).to_have_text("4 / 7")
    page.keyboard.press("ArrowRight")
    expect(stepper.locator(".count")).to_have_text("5 / 7")

    figure.locator('.photograph [data-part="word.10"]').hover()
    lit = figure.locator(".lit-column.there")
    assert lit.count() == 24  # in every sheet of the pile and of the fan
    assert page.locator(".fan .lit-column.there").count() == 12  # and in the large maps below
    image = page.locator(f'{FIGURE} [data-from="3"] image').first.bounding_box()
    frame = page.locator(f'{FIGURE} [data-from="3"] .lit-column').first.bounding_box()
    assert image is not None
    assert frame is not None
    cell = image["width"] / 27
    assert frame["x"] + frame["width"] / 2 == pytest.approx(image["x"] + 10.5 * cell, abs=1)

    tile = page.locator(".fan canvas").first.bounding_box()
    assert tile is not None
    assert min(tile["width"], tile["height"]) >= 240
    assert tile["width"] == pytest.approx(tile["height"], abs=3)

    page.locator(f'{FIGURE} [data-from="3"] .mapped').nth(4).click()
    expect(page.get_by_role("combobox", name="Head", exact=True)).to_have_value("L0·H4")


def test_a_click_on_a_column_chooses_its_word_or_answers(page: Page) -> None:
    figure, step = page.locator(FIGURE), page.locator(".st-key-panel_3_stack .stepper .count")
    column = figure.locator('[data-until="3"] .columns [data-part="word.10"]')
    asked = page.locator(".st-key-ask_3_most-seen")
    column.click()
    expect(asked).to_contain_text("You said application (10).")
    column.click()
    expect(page.get_by_role("combobox", name="Word", exact=True)).to_have_value("application (10)")
    expect(step).to_have_text("1 / 7")
