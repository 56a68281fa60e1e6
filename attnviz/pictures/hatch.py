"""The hatch of what is not allowed: slanted lines on paper, never the ink of a 0."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool

Segment = tuple[float, float, float, float]  # x1, y1, x2, y2 in cells, from the first cell's corner


def runs(line: Bool[np.ndarray, " column"]) -> Iterator[tuple[int, int]]:
    """Where neighbours that are true begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def segments(denied: Bool[np.ndarray, "row column"], lines: int) -> Iterator[Segment]:
    """So many slanted lines across each cell that is not allowed.

    One line runs from corner to corner, and through neighbouring cells in one stroke: a large
    mask then takes no more strokes than it has rows and columns.
    """
    if lines == 1:
        yield from _diagonals(denied)
        return
    for row, column in np.argwhere(denied).tolist():
        for line in range(lines):
            at = (2 * line + 1) / lines  # x + y along the line, from 0 to 2
            near, far = max(0.0, at - 1), min(1.0, at)
            yield column + near, row + far, column + far, row + near


def _diagonals(denied: Bool[np.ndarray, "row column"]) -> Iterator[Segment]:
    rows = len(denied)
    upright = denied[::-1]  # its diagonals are those of `denied` that run from left below
    for offset in range(1 - rows, denied.shape[1]):
        first_row, first_column = max(0, -offset), max(0, offset)
        for start, end in runs(np.diagonal(upright, offset)):
            bottom, top = rows - first_row - start, rows - first_row - end
            yield first_column + start, bottom, first_column + end, top
