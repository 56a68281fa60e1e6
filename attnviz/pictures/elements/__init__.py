"""Elements of drawn figures: matrices, stacks, boxes and arrows, as SVG in the note's colours.

Coordinates are in units of the figure's own view box, y downward. Every element says where it
stands (`Area`), so that an arrow begins and ends at what it joins. What a reader may point at
carries `part`, its name; `lights` names the parts that light up with it, in this picture and in
every other on the page; `says` is what is then written under the figure.

The name of a number is its address, tensor.layer.head.row.column, such as "Q.0.2.3.1": layer 0,
head 2, token 3, component 1. Tensors without heads leave the head out ("X.0.3.1"):

    X            input of the layer, "token d_model"
    WQ WK WV     of a head, "d_model d_head"; q = x WQ + bias
    Q K V        of a head, "token d_head"
    D S A        of a head, "query key": q · k, the score (divided, masked), the weight
    N            of a head, "query key": the weight where special tokens are hidden and each row
                 is divided by what is left of it
    Z            of a head, "token d_head"; C is all heads' z side by side, "token d_model"
    WO           "d_model d_model", rows are components of C; y = C WO + bias
    P            what a head writes, Z times its rows of WO, "token d_model"
    Y            output of W_O, "token d_model"
    U R          after attention, and after the layer, each with its sum and norm, "token d_model"

The note's own numbers are "note.Q.0.1"; the name of a token is "word.3", of a head "head.0.2".
A rectangle or a line that stands for a number carries its address too, as `data-part`, with
`data-value`. `tests/addresses.py` reads every address back against transformers' own run.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.style import Mode, Paint

Number = int | float
Point = tuple[Number, Number]

SMALL, TEXT, LARGE = 12, 15, 20  # sizes of text, where the figure is as wide as its view box
_HEAD = 9  # of an arrow


class Area(NamedTuple):
    """A rectangle of the figure."""

    x: Number
    y: Number
    width: Number
    height: Number

    @property
    def right(self) -> Number:
        """The x of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> Number:
        """The y of its lower side."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def side(self, name: str) -> Point:
        """The middle of one side: top, bottom, left or right."""
        x, y = self.centre
        return {
            "top": (x, self.y),
            "bottom": (x, self.bottom),
            "left": (self.x, y),
            "right": (self.right, y),
        }[name]


class Cell(NamedTuple):
    """What one cell of a matrix is, to who points at it."""

    part: str  # its name
    lights: Sequence[str] = ()  # the parts that belong to it
    says: str = ""  # its number, written out
    plays: Sequence[str] = ()  # the same term by term; term i is of lights i and i + their count
    edits: tuple[str, str, int] | None = None  # its control, its name there, its largest size


def text(
    x: Number,
    y: Number,
    said: str,
    colour: str,
    *,
    size: Number = TEXT,
    anchor: str = "middle",
    bold: bool = False,
    part: str | None = None,
    more: Sequence[Element | None] = (),
) -> Element:
    """One line of text; `y` is its middle. `more` is what follows in it in other sizes."""
    return element(
        "text",
        said,
        *more,
        x=round(x, 1),
        y=round(y, 1),
        fill=colour,
        font_size=size,
        text_anchor=anchor,
        dominant_baseline="central",
        font_weight=650 if bold else None,
        data_part=part,
    )


def matrix(
    values: Float[np.ndarray, "row column"],
    area: Area,
    paint: Paint,
    mode: Mode,
    *,
    decimals: int | None = None,
    cells: Sequence[Sequence[Cell]] | None = None,
    part: str | None = None,
    size: Number = TEXT,
) -> Element:
    """A grid in one colour; its numbers stand in the cells where `decimals` says how many.

    Each cell carries its number in full (`data-value`) and shows it as its title.
    """
    colour, ground = getattr(paint, mode), style.tint(paint, mode)
    rows, columns = values.shape
    drawn: list[Element] = []
    for row in range(rows):
        for column in range(columns):
            value = float(values[row, column])
            place = cell_of(area, rows, columns, row, column)
            cell = cells[row][column] if cells is not None else None
            drawn.append(_cell(value, place, colour, ground, mode, decimals, cell, size))
    return element("g", *drawn, class_="matrix", data_part=part)


def _cell(
    value: float,
    area: Area,
    colour: str,
    ground: str,
    mode: Mode,
    decimals: int | None,
    cell: Cell | None,
    largest: Number,
) -> Element:
    box = element(
        "rect",
        element("title", repr(value)),
        **corners(area),
        fill=ground,
        stroke=colour,
        stroke_width=1,
    )
    shown = None
    if decimals is not None:
        size = min(largest, 0.62 * area.height, 1.62 * area.width / max(4, decimals + 3))
        x, y = area.centre
        shown = text(x, y, printed(value, decimals), style.INK[mode], size=round(size, 1))
    return element(
        "g",
        box,
        shown,
        class_="cell",
        data_value=repr(value),
        data_part=cell.part if cell else None,
        data_lights=" ".join(cell.lights) if cell and cell.lights else None,
        data_says=cell.says if cell and cell.says else None,
        data_plays=json.dumps(cell.plays, ensure_ascii=False) if cell and cell.plays else None,
        data_edits=cell.edits[0] if cell and cell.edits else None,
        data_name=cell.edits[1] if cell and cell.edits else None,
        data_most=cell.edits[2] if cell and cell.edits else None,
        tabindex=0 if cell and (cell.says or cell.edits) else None,
    )


def more(x: Number, y: Number, all_of_them: int, mode: Mode, *, size: Number = SMALL) -> Element:
    """Three dots and the whole number: "… 384"."""
    return text(x, y, f"… {all_of_them}", style.FAINT_INK[mode], size=size, anchor="start")


def box(
    area: Area,
    lines: Sequence[str],
    mode: Mode,
    *,
    paint: Paint | None = None,
    size: Number = TEXT,
    part: str | None = None,
    lights: Sequence[str] = (),
) -> Element:
    """A box with rounded corners and a few lines of text in its middle."""
    colour = style.INK[mode] if paint is None else getattr(paint, mode)
    ground = style.PAPER[mode] if paint is None else style.tint(paint, mode)
    x, y = area.centre
    top = y - (len(lines) - 1) * size * 0.65
    return element(
        "g",
        element("rect", **corners(area), rx=7, fill=ground, stroke=colour, stroke_width=1.5),
        *(
            text(x, top + index * size * 1.3, line, style.INK[mode], size=size)
            for index, line in enumerate(lines)
        ),
        class_="box",
        data_part=part,
        data_lights=" ".join(lights) or None,
    )


def stack(front: Element, area: Area, behind: int, mode: Mode, *, step: Number = 7) -> Element:
    """The same thing several times: outlines up and to the right of the one in front."""
    outlines = [
        element(
            "rect",
            **corners(Area(area.x + n * step, area.y - n * step, area.width, area.height)),
            rx=3,
            fill=style.PAPER[mode],
            stroke=style.FAINT_INK[mode],
            stroke_width=1,
            class_="behind",
        )
        for n in range(behind, 0, -1)
    ]
    return element("g", *outlines, front, class_="stack", data_count=behind + 1)


def arrow(
    start: Point,
    end: Point,
    mode: Mode,
    *,
    colour: str | None = None,
    width: Number = 1.6,
    bend: Number = 0.0,
) -> Element:
    """A line with a head at its end; `bend` moves its middle to the left of its way."""
    (x1, y1), (x2, y2) = start, end
    ink = colour or style.FAINT_INK[mode]
    across = np.array([y1 - y2, x2 - x1]) / (np.hypot(x2 - x1, y2 - y1) or 1)
    mx, my = (x1 + x2) / 2 + bend * across[0], (y1 + y2) / 2 + bend * across[1]
    along = np.array([x2 - mx, y2 - my])
    along = _HEAD * along / (np.hypot(*along) or 1)
    side = np.array([-along[1], along[0]]) / 2
    tip = np.array([x2, y2])
    corners = [tip, tip - along + side, tip - along - side]
    foot = tip - 0.8 * along
    path = f"M{x1:.1f} {y1:.1f}Q{mx:.1f} {my:.1f} {foot[0]:.1f} {foot[1]:.1f}"
    return element(
        "g",
        element("path", d=path, fill="none", stroke=ink, stroke_width=width),
        element("polygon", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners), fill=ink),
        class_="arrow",
    )


def at_step(first: int, *drawn: Element | None, until: int | None = None) -> Element:
    """What is there from a step on, and no longer at the step `until`."""
    return element("g", *drawn, data_from=first, data_until=until)


def if_answered(question: str, shown: Element, otherwise: Element) -> Element:
    """What gives an answer away: there once the question of the chapter is answered."""
    return element(
        "g",
        element("g", shown, data_after=question),
        element("g", otherwise, data_before=question),
    )


def cell_of(area: Area, rows: int, columns: int, row: int, column: int) -> Area:
    """Where one cell of a grid stands."""
    wide, high = area.width / columns, area.height / rows
    return Area(area.x + column * wide, area.y + row * high, wide, high)


def corners(area: Area) -> dict[str, Number]:
    """An area as the attributes of a rectangle."""
    return {name: round(value, 1) for name, value in area._asdict().items()}
