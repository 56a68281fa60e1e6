"""Maps: many numbers as ink, one picture for each head, alone, in a pile or beside each other.

A map carries its numbers as an array, which the browser paints one pixel a cell (`maps.js`), so a
sheet of a pile costs four bytes a number. A map whose columns are words lights the column of the
word that is pointed at anywhere on the page.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, corners
from attnviz.pictures.elements.hatched import hatched
from attnviz.pictures.style import Mode, Paint


def ink_map(
    values: Float[np.ndarray, "row column"],
    area: Area,
    paint: Paint,
    mode: Mode,
    *,
    name: str,
    largest: float,
    columns: Sequence[int] = (),
    frame: str | None = None,
    denied: Bool[np.ndarray, "row column"] | None = None,
    **attributes: object,
) -> Element:
    """A map of ink, as large as `area`; `largest` is the number of full ink.

    `columns` are the positions of the tokens that its columns stand for, `frame` is the
    colour of its edge, and `denied` are the cells that are not allowed: hatched paper.
    """
    rows, across = values.shape
    place = corners(area)
    ink = Element(
        "image",
        {
            **{side: str(value) for side, value in place.items()},
            "class": "ink",
            "preserveAspectRatio": "none",
            "aria-label": f"{name}, {rows} × {across}",
            "data-rows": str(rows),
            "data-largest": repr(largest),
        },
        (),
        values,
        getattr(paint, mode),
    )
    return element(
        "g",
        element("rect", **place, fill=style.PAPER[mode]),
        ink,
        hatched(denied, area, mode),
        _column(area, columns, mode),
        element(
            "rect",
            **place,
            class_="edge",
            fill="none",
            stroke=frame or style.FAINT_INK[mode],
            stroke_width=1.5,
        ),
        class_="mapped",
        **attributes,
    )


def _column(area: Area, columns: Sequence[int], mode: Mode) -> Element | None:
    """The frame of the column that is lit: the browser moves it."""
    if not columns:
        return None
    wide = area.width / len(columns)
    return element(
        "rect",
        class_="lit-column",
        x=round(area.x, 1),
        y=round(area.y, 1),
        width=round(wide, 2),
        height=round(area.height, 1),
        fill="none",
        stroke=style.INK[mode],
        stroke_width=2,
        data_columns=" ".join(map(str, columns)),
    )


def pile(front: Area, count: int, step: tuple[Number, Number]) -> list[Area]:
    """Sheets behind each other, the first in front; `step` leads from one to the next behind it."""
    return [front._replace(x=front.x + n * step[0], y=front.y + n * step[1]) for n in range(count)]


def squares(count: int, area: Area, *, gap: Number, label: Number) -> list[Area]:
    """Squares beside each other, as large as fit, each with room for a label above it."""

    def side(across: int) -> Number:
        down = -(-count // across)
        return min((area.width + gap) / across - gap, (area.height + gap) / down - gap - label)

    across = max(range(1, count + 1), key=side)
    size = side(across)
    return [
        Area(
            area.x + (n % across) * (size + gap),
            area.y + (n // across) * (size + gap + label) + label,
            size,
            size,
        )
        for n in range(count)
    ]
