"""What is drawn over the cells of a heatmap, as shapes: the hatch, and lines between two texts."""

from typing import Any

from attnviz.core.maps import AttentionMap, second_text
from attnviz.pictures import style
from attnviz.pictures.hatch import segments
from attnviz.pictures.style import Mode

NUMBERS_UP_TO = 10  # places: beyond, the cells are too small to print in
HATCHED_TWICE_UP_TO = 40  # places: beyond, one line a cell is fine enough


def hatch(attention: AttentionMap, mode: Mode) -> list[dict[str, Any]]:
    """The hatch as one shape; on an axis of names, cell i is around i."""
    if attention.allowed is None:
        return []
    largest = max(attention.values.shape)
    lines = 4 if largest <= NUMBERS_UP_TO else 2 if largest <= HATCHED_TWICE_UP_TO else 1
    path = "".join(
        f"M{x1 - 0.5:g},{y1 - 0.5:g}L{x2 - 0.5:g},{y2 - 0.5:g}"
        for x1, y1, x2, y2 in segments(attention.denied, lines)
    )
    line = {"color": style.FAINT_INK[mode], "width": style.HATCH_WIDTH}
    return [{"type": "path", "path": path, "line": line, "layer": "above", "name": "not allowed"}]


def between_texts(attention: AttentionMap, mode: Mode) -> list[dict[str, Any]]:
    """Of a pair of texts: thin lines where the second one begins, as shapes."""
    high, wide = attention.values.shape
    line = {"color": style.FAINT_INK[mode], "width": 1}
    common = {"type": "line", "layer": "above", "name": "between texts", "line": line}
    found = []
    if (at := second_text(attention.rows)) is not None:
        found.append({**common, "x0": -0.5, "x1": wide - 0.5, "y0": at - 0.5, "y1": at - 0.5})
    if (at := second_text(attention.columns)) is not None:
        found.append({**common, "x0": at - 0.5, "x1": at - 0.5, "y0": -0.5, "y1": high - 0.5})
    return found
