"""An encoder–decoder in Chromium: a click keeps the kind of head, lines run between two texts."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Page, expect

import attnviz
from attnviz.pictures.lines import FAINTEST
from tests.browser.conftest import Server, settle
from tests.browser.test_explore import paths
from tests.tiny_families import saved_family

TEXT, TARGET = "the cat sat on the mat .", "the mat sat"


def test_a_click_chooses_a_head_of_the_kind_that_is_seen(
    server: Server, open_tab: Callable[..., Page], tmp_path: Path
) -> None:
    folder = saved_family(tmp_path / "bart", "bart")
    link = urlencode({"v": "1", "m": str(folder), "s": TEXT, "t": TARGET})
    page = open_tab(height=1000)
    problems: list[str] = []
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.goto(f"{server.address}/?{link}")
    page.get_by_role("button", name="Load", exact=True).click()
    canvas = page.locator(".st-key-overview canvas.map")
    expect(canvas).to_be_visible()
    settle(page)
    box = canvas.bounding_box()
    assert box is not None
    last = {"x": 0.95 * box["width"], "y": 0.85 * box["height"]}  # layer 1 of 2, head 3 of 4
    canvas.hover(position=last)  # type: ignore[arg-type]  # a Position
    expect(page.locator(".st-key-overview .readout")).to_contain_text("cross L1·H3 · query")
    canvas.click(position=last)  # type: ignore[arg-type]
    panel = page.locator(".st-key-lines .panel").first
    expect(panel).to_contain_text("cross L1·H3")
    settle(page)
    trace = attnviz.trace(TEXT, str(folder), target=TARGET)
    expected = trace.weights((1, 3, "cross"))
    # lines of one opacity are one path
    drawn = {round(255 * one["opacity"]) for one in paths(page) if one["panel"] == 0}
    assert drawn == set(np.round(255 * expected[expected >= FAINTEST]).astype(int).tolist())
    assert panel.locator("text").filter(has_text="sat").count() == 2, "once on either side"
    page.get_by_role("radio", name="Encoder: source → source").click()
    expect(page.locator(".st-key-overview")).to_contain_text("encoder, all 3 × 4 heads")
    expect(panel).to_contain_text("enc L")
    page.get_by_role("radio", name="Cross: target → source").click()
    expect(panel).to_contain_text("cross L1·H3")
    assert problems == []
