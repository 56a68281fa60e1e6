"""Maps from anywhere in a browser: rows and columns apart, the hatch, both signs."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

import attnviz
from attnviz import AttentionMap
from attnviz.pictures import style
from tests.browser.test_share import offline as offline  # a fixture
from tests.test_maps import both, drawn_of

CELLS = """({ at, rows, columns }) => {
  const canvas = document.querySelectorAll("canvas.map")[at];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const scale = canvas.width / canvas.getBoundingClientRect().width;
  const { left, top, cell, tile } = canvas.dataset;
  const side = Number(cell ?? Number(tile) / Math.max(rows, columns));
  return Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => {
    const [x, y] = [(Number(left) + (column + 0.1) * side) * scale,
                    (Number(top ?? 0) + (row + 0.1) * side) * scale];
    const size = Math.max(1, Math.floor(0.8 * side * scale));
    const { data } = context.getImageData(Math.round(x), Math.round(y), size, size);
    const inks = {};
    for (let i = 0; i < data.length; i += 4) {
      const ink = data[i + 3] ? `${data[i]},${data[i + 1]},${data[i + 2]}` : "none";
      inks[ink] = (inks[ink] || 0) + 1;
    }
    return Object.entries(inks).sort((a, b) => b[1] - a[1]).map(([ink]) => ink);
  }));
}"""


@both
def test_a_file_draws_a_map_from_anywhere(
    offline: Callable[[str], Page], seen: AttentionMap
) -> None:
    page = offline(attnviz.explore(seen).to_html())
    page.wait_for_selector(".panel svg .lines")
    assert lines_in(page) == pytest.approx(drawn_of(seen), abs=0.53 / 255)
    rows, columns = seen.values.shape
    ramp = style.map_ramp(style.HEAD_CODES[0], "light", signed=seen.is_signed)
    levels = style.map_levels(seen.values, signed=seen.is_signed)
    inks = page.evaluate(CELLS, {"at": 1, "rows": rows, "columns": columns})
    for at, level in np.ndenumerate(levels):
        most, *others = inks[at[0]][at[1]]
        if seen.denied[at]:
            assert most == "none", "paper"
            assert others, "with a hatch"
        else:
            assert most == ",".join(map(str, ramp[level]))
    check_overview(page, seen, levels)
    check_pointer(page, seen)


def lines_in(page: Page) -> dict[tuple[int, int], float]:
    """Each line of the diagram by its two labels, with the sign of its colour."""
    found: list[Any] = page.evaluate(
        """() => {
          const svg = document.querySelector(".panel svg:not(.swatch)");
          const at = (side) => new Map([...svg.querySelectorAll(`[data-side=${side}]`)].map((t) => {
            const [box, whole] = [t, svg].map((e) => e.getBoundingClientRect());
            return [box.left + box.width / 2 - whole.left, Number(t.dataset.place)];
          }));
          const near = (map, x) =>
            [...map].sort((a, b) => Math.abs(a[0] - x) - Math.abs(b[0] - x))[0][1];
          const [q, k] = [at("q"), at("k")];
          return [...svg.querySelectorAll(".lines path")].flatMap((path) =>
            [...path.getAttribute("d").matchAll(/M([\\d.]+) [\\d.]+L([\\d.]+) /g)].map(
              ([, x1, x2]) => [near(q, Number(x1)), near(k, Number(x2)),
                path.getAttribute("stroke-opacity"), path.getAttribute("stroke")]));
        }"""
    )
    sign = {style.MINUS.light: -1, style.HEAD_CODES[0].light: 1}
    return {(row, column): sign[ink] * float(opacity) for row, column, opacity, ink in found}


def check_overview(page: Page, seen: AttentionMap, levels: np.ndarray) -> None:
    """The tile holds the same cells in the overview's own ink."""
    rows, columns = seen.values.shape
    ink = style.ramp(style.INK["light"], "light")
    ramp = style.map_ramp(style.HEAD_CODES[0], "light", signed=True) if seen.is_signed else ink
    inks = page.evaluate(CELLS, {"at": 0, "rows": rows, "columns": columns})
    for at, level in np.ndenumerate(levels):
        most, *others = inks[at[0]][at[1]]
        if seen.denied[at]:
            assert others, "a hatch"
        elif at[0] > 1:  # the mark of head A covers a corner
            assert most == ",".join(map(str, ramp[level]))


def check_pointer(page: Page, seen: AttentionMap) -> None:
    """What is read in the map, and the numbers of one query."""
    canvas = page.locator(".maps canvas.map")
    side, left = (float(canvas.get_attribute(f"data-{name}") or 0) for name in ("cell", "left"))
    readout = page.locator(".maps .readout")
    for row, column in [(0, 5), (4, 3), (0, 2)]:
        canvas.hover(position={"x": left + (column + 0.5) * side, "y": (row + 0.5) * side})
        where = f"{seen.rows[row].name} → {seen.columns[column].name} · "
        value = f"{seen.values[row, column]:.4f}".replace("-", "−")
        what = "value" if seen.is_signed else "weight"
        said = "not allowed" if seen.denied[row, column] else f"{what} {value}"
        assert readout.inner_text() == where + said
    page.locator('.panel [data-side="q"][data-place="1"]').hover()
    spoken = page.locator(".readout").last.inner_text()
    assert ("Σ" in spoken) == (not seen.is_signed)
    numbers = [float(n.replace("−", "-")) for n in re.findall(r"\) (−?[\d.]+)(?=,| \(Σ|$)", spoken)]
    drawn = [value for (row, _), value in drawn_of(seen).items() if row == 1]
    np.testing.assert_allclose(sorted(numbers), sorted(drawn), atol=0.51e-3)
