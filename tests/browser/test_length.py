"""A long text in a browser: the overview says for how many weights a pixel of it stands."""

from collections.abc import Callable
from math import ceil

import numpy as np
import pytest
from playwright.sync_api import Page

import attnviz
from attnviz.pictures import style
from tests.browser.test_share import offline as offline  # a fixture

TOKENS, HEADS = 300, 12  # few enough for a file that holds every weight


def spread() -> attnviz.Trace:
    """Twelve even heads; in the first, one query looks at one key alone."""
    weights = np.full((1, HEADS, TOKENS, TOKENS), 1 / TOKENS, np.float32)
    weights[0, 0, 211] = 0
    weights[0, 0, 211, 77] = 1
    return attnviz.Trace.from_weights([f"t{n}" for n in range(TOKENS)], weights)


def most_of_a_pixel(pixels: int) -> int:
    """How many tokens one of so many pixels stands for, at the most."""
    first = [pixel * TOKENS // pixels for pixel in range(pixels)]
    last = [min(TOKENS, ceil((pixel + 1) * TOKENS / pixels)) for pixel in range(pixels)]
    return max(end - start for start, end in zip(first, last, strict=True))


@pytest.mark.parametrize("width", [1_280, 390])
def test_a_small_overview_says_what_a_pixel_stands_for(
    width: int, offline: Callable[[str], Page]
) -> None:
    page = offline(attnviz.explore(spread(), [(0, 0), (0, 1)]).to_html())
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_function(
        """(width) => {
          const canvas = document.querySelector("canvas.map[data-step]");
          return canvas && canvas.getBoundingClientRect().right <= width;
        }""",
        arg=width,
    )
    tile, scale = page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas.map[data-step]");
          return [Number(canvas.dataset.tile), canvas.width / parseFloat(canvas.style.width)];
        }"""
    )
    side = most_of_a_pixel(round(tile * scale))
    assert side > 1
    said = f"one pixel stands for up to {side**2:,} weights"
    page.wait_for_function(
        "(said) => document.querySelector('.pixels').textContent.includes(said)", arg=said
    )
    # and the one strong weight of the first head is seen, however many share its pixel
    darkest = page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas.map[data-step]");
          const { left, top, tile } = canvas.dataset;
          const scale = canvas.width / parseFloat(canvas.style.width);
          const at = [left, top, tile, tile].map((one) => Math.round(Number(one) * scale));
          const { data } = canvas.getContext("2d").getImageData(...at);
          const sums = [];
          for (let i = 0; i < data.length; i += 4) sums.push(data[i] + data[i + 1] + data[i + 2]);
          return Math.min(...sums);
        }"""
    )
    assert darkest == int(style.ramp(style.INK["light"], "light")[-1].sum()), "full ink"
