"""Thumbnails: a whole matrix in a few squares, each of which is one real number of it.

A square stands for a block of the matrix and shows the number of it that is furthest from 0:
nothing is averaged, and each square carries the address of its number.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import SMALL, Area, Number, Point, cell_of, corners
from attnviz.pictures.elements.lettering import wrapped
from attnviz.pictures.style import Mode, Paint

Block = Sequence[int]  # rows, or columns, that one square stands for
Place = tuple[int, int]
Squares = Sequence[Sequence[Place]]


def blocks(count: int, most: int) -> list[Block]:
    """So many places in at most `most` blocks of equal size, or nearly."""
    parts = np.array_split(np.arange(count), max(1, min(count, most)))
    return [[int(place) for place in part] for part in parts]


def squares(
    values: Float[np.ndarray, "row column"], rows: Sequence[Block], columns: Sequence[Block]
) -> Squares:
    """The place of the number that each square shows."""
    return [[_strongest(values, row, column) for column in columns] for row in rows]


def _strongest(values: Float[np.ndarray, "row column"], rows: Block, columns: Block) -> Place:
    """Where in a block the number stands that is furthest from 0; the first, if several are."""
    part = np.abs(values[np.ix_(rows, columns)])
    row, column = np.unravel_index(int(part.argmax()), part.shape)
    return rows[int(row)], columns[int(column)]


def thumbnail(
    values: Float[np.ndarray, "row column"],
    area: Area,
    places: Squares,
    paint: Paint,
    mode: Mode,
    name: str,
    address: str,
    *,
    says: Callable[[Place], str] | None = None,
    beside: str = "",
    is_behind: bool = False,
    is_of_tokens: bool = False,
    reached: int | None = None,
) -> Element:
    """A matrix in `squares`, in shades of one colour, grey below 0.

    `address` is that of the matrix: a square's number is "address.row.column". One that is
    `is_behind` another shows its first row and its first column alone. Where rows are tokens, a
    square lights its own; `beside` lights up with each. The squares of the row `reached` that say
    something can be reached by key.
    """
    hue = getattr(paint, mode)
    colours = style.signed_ramp(hue, mode)
    largest = max((abs(float(values[place])) for line in places for place in line), default=1.0)
    rows, columns = len(places), len(places[0])
    drawn = []
    for row, line in enumerate(places):
        for column, place in enumerate(line):
            if is_behind and row and column:
                continue
            value = float(values[place])
            sentence = says(place) if says else ""
            drawn.append(
                element(
                    "rect",
                    **corners(cell_of(area, rows, columns, row, column)),
                    fill=style.hex_of(colours[style.signed_level(value, largest)]),
                    class_="cell",
                    data_part=f"{address}.{place[0]}.{place[1]}",
                    data_value=repr(value),
                    data_says=sentence or None,
                    data_lights=_lights(place, beside, is_of_tokens),
                    tabindex=0 if sentence and place[0] == reached else None,
                )
            )
    return element(
        "g",
        *drawn,
        stroke=hue,
        stroke_width=0.6,
        fill_opacity=0.6,
        class_="thumbnail",
        data_name=name,
    )


def _lights(place: Place, beside: str, is_of_tokens: bool) -> str | None:
    """What belongs to a square: its token, if rows are tokens, and what it stands beside."""
    row = f"word.{place[0]}" if is_of_tokens else ""
    return f"{row} {beside}".strip() or None


def row_frame(area: Area, token: int, mode: Mode, *, shown: bool) -> Element:
    """A frame around a token's row: always there, or when the token is pointed at."""
    return element(
        "rect",
        **corners(area),
        fill="none",
        stroke=style.INK[mode] if shown else "none",
        stroke_width=2,
        pointer_events="none",
        class_="row",
        data_part=f"word.{token}",
    )


def card(area: Area, colour: str, ground: str, *, stroke: Number = 1.2) -> Element:
    """The outline of a matrix."""
    return element(
        "rect",
        **corners(area),
        fill=ground,
        stroke=colour,
        stroke_width=stroke,
    )


def paragraph(
    at: Point, said: str, width: Number, colour: str, *, size: Number = SMALL, anchor: str = "start"
) -> Element:
    """Text in as many lines as it needs; `at` is the middle of its first line."""
    x, y = at
    lines = wrapped(said, width, size)
    return element(
        "text",
        *(
            element("tspan", line, x=round(x, 1), y=round(y + n * size * 1.28, 1))
            for n, line in enumerate(lines)
        ),
        fill=colour,
        font_size=size,
        text_anchor=anchor,
        dominant_baseline="central",
    )
