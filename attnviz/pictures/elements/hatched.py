"""Hatched: the cells of a map that are not allowed, as slanted lines over its paper."""

import numpy as np
from jaxtyping import Bool

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area
from attnviz.pictures.hatch import segments
from attnviz.pictures.style import Mode

DENIED = "denied"  # the class of the lines
_APART = 2 * style.HATCH  # px between the lines of a large cell; a small one has one


def hatched(
    denied: Bool[np.ndarray, "row column"] | None, area: Area, mode: Mode
) -> Element | None:
    """Lines across each cell that is not allowed; None where all are."""
    if denied is None or not denied.any():
        return None
    rows, columns = denied.shape
    wide, high = area.width / columns, area.height / rows
    lines = max(1, round(min(wide, high) / _APART))
    path = "".join(
        f"M{area.x + x1 * wide:.1f} {area.y + y1 * high:.1f}"
        f"L{area.x + x2 * wide:.1f} {area.y + y2 * high:.1f}"
        for x1, y1, x2, y2 in segments(denied, lines)
    )
    return element(
        "path",
        d=path,
        class_=DENIED,
        fill="none",
        stroke=style.FAINT_INK[mode],
        stroke_width=style.HATCH_WIDTH,
        pointer_events="none",
    )
