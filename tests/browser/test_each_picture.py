"""Pictures in a browser: what the scripts draw is the map."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import attnviz
from attnviz import AttentionMap
from attnviz.pictures import style
from attnviz.pictures.arcs import arcs
from attnviz.pictures.highlights import highlights
from attnviz.pictures.kinds import PictureKind, kinds
from attnviz.pictures.lines import lines
from tests.browser.conftest import Open, cells_painted
from tests.browser.test_maps import CELLS, lines_in
from tests.browser.test_share import offline as offline  # a fixture
from tests.test_each_picture import EACH, HOSTILE, arcs_in, picture_of
from tests.test_maps import both, drawn_of

ARCS = """() => {
  const svg = document.querySelector(".arcs svg:not(.swatch)");
  const paths = [...svg.querySelectorAll(".lines path")].map((path) =>
    [...["d", "stroke"].map((name) => path.getAttribute(name)),
     Number(path.getAttribute("stroke-opacity"))]);
  const labels = [...svg.querySelectorAll(".token")].map((label) =>
    Number(/[\\d.]+/.exec(label.getAttribute("transform"))[0]));
  return { paths, labels };
}"""

WIDTHS = """paths => paths.map((path) =>
  ["stroke-opacity", "stroke-width"].map((name) => Number(path.getAttribute(name))))"""


def arcs_drawn(page: Page, seen: AttentionMap) -> dict[tuple[int, int], float]:
    """Each arc with the sign of its colour."""
    page.wait_for_selector(".arcs svg .lines", state="attached")
    found: Any = page.evaluate(ARCS)
    first = 0 if seen.rows == seen.columns else len(seen.rows)
    sign = {style.MINUS.light: -1, style.HEAD_CODES[0].light: 1}
    drawn = arcs_in(found["paths"], found["labels"], first)
    return {at: sign[ink] * opacity for at, (ink, opacity) in drawn.items()}


def lines_drawn(page: Page, seen: AttentionMap) -> dict[tuple[int, int], float]:
    page.wait_for_selector(".panel svg .lines")
    return lines_in(page)


STROKES: dict[str, Callable[[Page, AttentionMap], dict[tuple[int, int], float]]] = {
    "lines": lines_drawn,
    "explore": lines_drawn,
    "arcs": arcs_drawn,
}
WIDTHS_OF = "bars => bars.map((bar) => Number(bar.getAttribute('width')))"
ENDS_OF = "lines => lines.map((line) => Number(line.getAttribute('x1')))"
CANVASES = ("overview", "heatmap", "comparison")
TINTS = ("highlights",)

# The ground of each word when one is pointed at, and whether it is hatched.
TINTED = """(at) => {
  const words = [...document.querySelectorAll(".word")];
  words[at].dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  return words.map((word) => [word.style.backgroundColor, word.classList.contains("denied")]);
}"""


def test_every_picture_is_held() -> None:
    assert set(kinds()) == {*STROKES, *CANVASES, *TINTS}


def assert_tinted(page: Page, seen: AttentionMap) -> None:
    """Each query tints the keys as dark as a heatmap would be, and hatches what is not allowed."""
    page.wait_for_selector(".word")
    ramp = style.map_ramp(style.HEAD_CODES[0], "light", signed=seen.is_signed)
    levels = style.map_levels(seen.values, signed=seen.is_signed)
    first = 0 if seen.rows == seen.columns else len(seen.rows)
    for row in range(len(seen.rows)):
        words = page.evaluate(TINTED, row)[first:]
        assert len(words) == len(seen.columns)
        for column, (ground, hatched) in enumerate(words):
            assert hatched == seen.denied[row, column]
            inked = ", ".join(map(str, ramp[levels[row, column]]))
            assert ground == ("" if hatched else f"rgb({inked})")


@pytest.mark.parametrize("kind", EACH)
@both
def test_a_script_draws_the_map(
    offline: Callable[[str], Page], kind: PictureKind, seen: AttentionMap
) -> None:
    page = offline(picture_of(kind, seen).to_html())
    if kind.name in STROKES:
        assert STROKES[kind.name](page, seen) == pytest.approx(drawn_of(seen), abs=0.53 / 255)
        drawn: list[list[float]] = page.locator(".lines path").evaluate_all(WIDTHS)
        for opacity, width in drawn:
            assert width == pytest.approx(style.line_width(opacity), rel=1e-6)
        return
    if kind.name in TINTS:
        assert_tinted(page, seen)
        return
    page.wait_for_selector("canvas.map")
    rows, columns = seen.values.shape
    plain = kind.name == "overview" and not seen.is_signed
    code = style.INK_PAINT if plain else style.HEAD_CODES[0]
    ramp = style.map_ramp(code, "light", signed=seen.is_signed)
    levels = style.map_levels(seen.values, signed=seen.is_signed)
    inks = page.evaluate(CELLS, {"at": 0, "rows": rows, "columns": columns})
    for at, level in np.ndenumerate(levels):
        most, *others = inks[at[0]][at[1]]
        if seen.denied[at]:
            assert others, "a hatch"
        elif kind.name != "overview" or at[0] > 1:  # the mark of head A covers a corner
            assert most == ",".join(map(str, ramp[level]))


@pytest.mark.parametrize("kind", EACH)
def test_a_token_stays_text_when_it_is_drawn(
    offline: Callable[[str], Page], kind: PictureKind
) -> None:
    count = len(HOSTILE)
    weights = np.full((1, 2, count, count), 1 / count)
    trace = attnviz.Trace.from_weights(HOSTILE, weights, title="<b>a model</b>")
    page = offline(picture_of(kind, trace).to_html())
    page.wait_for_function("document.querySelector('.attnviz')?.dataset.drawn")
    assert page.locator("img, b, a, iframe").count() == 0
    assert page.locator("script").count() == 1


def test_a_token_leaves_its_arcs_alone_and_says_their_numbers(
    offline: Callable[[str], Page],
) -> None:
    weights = np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25], [0.125, 0.5, 0.375]])
    seen = AttentionMap.from_values(weights, ["the", "cat", "sat"], title="by hand")
    page = offline(arcs(seen).to_html())
    page.wait_for_selector(".arcs svg .lines", state="attached")
    token = page.locator(".token")
    token.nth(1).hover()
    assert page.locator(".lines").first.is_hidden()
    shown = page.locator(".focus path").evaluate_all(
        "paths => paths.map(p => (p.getAttribute('d').match(/A/g) || []).length)"
    )
    assert sum(shown) == 5, "three from the query, three to the key, one of them both"
    said = page.locator(".readout").inner_text()
    assert "the (0) 0.500, cat (1) 0.250, sat (2) 0.250 (Σ 1.000)" in said
    assert "sat (2) 0.500, cat (1) 0.250, the (0) 0.200 (Σ 0.950)" in said
    page.mouse.move(0, 0)
    assert page.locator(".readout").inner_text() == ""
    token.nth(0).focus()
    page.keyboard.press("ArrowRight")
    assert token.nth(1).evaluate("label => label === document.activeElement")
    page.keyboard.press("Enter")
    assert token.nth(1).get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert token.nth(1).get_attribute("aria-pressed") == "false"
    assert page.locator(".readout").inner_text() == ""


def test_a_word_tints_the_others_in_both_directions_and_says_the_numbers(
    offline: Callable[[str], Page],
) -> None:
    weights = np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25], [0.125, 0.5, 0.375]])
    seen = AttentionMap.from_values(weights, ["the", "cat", "sat"], title="by hand")
    page = offline(highlights(seen).to_html())
    word, said = page.locator(".word"), page.locator(".readout")
    word.nth(1).hover()
    listed = "cat (1) · looks at: the (0) 0.500, cat (1) 0.250, sat (2) 0.250"
    assert said.inner_text() == listed
    page.get_by_role("button", name="is looked at by").click()
    word.nth(1).click()
    assert word.nth(1).get_attribute("aria-pressed") == "true"
    ramp = style.map_ramp(style.HEAD_CODES[0], "light", signed=False)
    levels = style.map_levels(weights[:, 1], signed=False)
    grounds = word.evaluate_all("words => words.map((word) => word.style.backgroundColor)")
    assert grounds == [f"rgb({', '.join(map(str, ramp[level]))})" for level in levels]
    word.nth(2).hover()
    assert said.inner_text() == "sat (2) → cat (1) · weight 0.5000"
    page.keyboard.press("Escape")
    assert said.inner_text() == ""
    word.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert word.nth(1).get_attribute("aria-pressed") == "true"


def test_explore_draws_the_arcs_of_heads_a_and_b_once_they_are_opened(
    visit: Open, note: attnviz.Trace
) -> None:
    opened = visit()
    page = opened.page
    assert page.locator(".arcs").count() == 0
    opened.tab("Arcs")
    page.wait_for_selector(".st-key-arcs [data-picture='1'] .arcs svg .lines", state="attached")
    assert "see=arcs" in page.url
    faintest = 1 / 255
    for index, head in enumerate([(0, 2), (1, 8)]):
        picture = page.locator(f".st-key-arcs [data-picture='{index}']")
        paths = picture.locator(".lines path").evaluate_all(
            "paths => paths.map((p) => [Number(p.getAttribute('stroke-opacity')),"
            " p.getAttribute('d').match(/A/g).length])"
        )
        weights = note.weights(head)
        levels = np.rint(255 * weights[weights >= faintest].astype(float)).astype(int)
        expected = dict(
            zip(*map(np.ndarray.tolist, np.unique(levels, return_counts=True)), strict=True)
        )
        assert {round(255 * opacity): count for opacity, count in paths} == expected
    assert opened.problems == []


def test_explore_draws_a_against_b_with_the_divergence_of_each_row(
    visit: Open, note: attnviz.Trace
) -> None:
    opened = visit()
    page = opened.page
    opened.tab("Heatmap")
    pictures = page.locator(".st-key-heatmaps .picture")
    expect(pictures).to_have_count(3)
    expected = attnviz.difference(note, (0, 2), (1, 8))
    assert expected.divergence is not None
    ramp = style.map_ramp(style.HEAD_CODES[0], "light", signed=True)
    inks = ramp[style.map_levels(expected.values, signed=True)]
    np.testing.assert_array_equal(cells_painted(pictures.nth(2), 27, 27), inks)
    bars = pictures.nth(2).locator(".divergence rect").evaluate_all(WIDTHS_OF)
    ends = pictures.nth(2).locator(".divergence line").evaluate_all(ENDS_OF)
    bits = np.array(bars) / (ends[1] - ends[0])
    np.testing.assert_allclose(bits, expected.divergence, atol=1e-6)
    tops = [box["y"] for box in map(Locator.bounding_box, pictures.all()) if box]
    assert len(tops) == 3
    assert max(tops) - min(tops) < 1  # one row of three
    page.set_viewport_size({"width": 390, "height": 844})
    opened.settle()
    a, b, c = (box for box in map(Locator.bounding_box, pictures.all()) if box)
    assert a["y"] + a["height"] <= b["y"]
    assert b["y"] + b["height"] <= c["y"], "one below the other on a phone"
    assert opened.problems == []


@pytest.mark.parametrize("make", [lines, arcs, highlights])
def test_chinese_notes_run_on_without_a_space(
    offline: Callable[[str], Page], note: attnviz.Trace, make: Callable[..., Any]
) -> None:
    heads: Any = [(1, 8)] if make is lines else (1, 8)
    lens = attnviz.Lens(hide_special=True, at_least=0.05)
    page = offline(make(note, heads, lens, language="zh").to_html())
    said = "\n".join(page.locator(".attnviz p, .picture p").all_text_contents())
    assert "没有重新归一化。隐藏了" in said
    assert re.search("[。，：；] ", said) is None
