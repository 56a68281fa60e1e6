"""Ribbons: what flows from one box into another, and bars that pile up to a sum."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number
from attnviz.pictures.style import Mode

POURED = 0.32  # opacity of a ribbon


class Edge(NamedTuple):
    """A side of a box, from which a ribbon starts or at which it ends."""

    first: tuple[Number, Number]
    last: tuple[Number, Number]


def side(area: Area, name: str) -> Edge:
    """One side of an area: top, bottom, left or right."""
    left, right, top, bottom = area.x, area.right, area.y, area.bottom
    return {
        "top": Edge((left, top), (right, top)),
        "bottom": Edge((left, bottom), (right, bottom)),
        "left": Edge((left, top), (left, bottom)),
        "right": Edge((right, top), (right, bottom)),
    }[name]


def ribbon(start: Edge, end: Edge, colour: str, **attributes: object) -> Element:
    """A band from one side of a box to a side of another, in the colour of what flows in it."""
    down = abs(end.first[1] - start.first[1]) >= abs(end.first[0] - start.first[0])
    corners = [start.first, end.first, end.last, start.last]
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = corners
    path = (
        f"M{x1:.1f} {y1:.1f}{_bend(x1, y1, x2, y2, down=down)}"
        f"L{x3:.1f} {y3:.1f}{_bend(x3, y3, x4, y4, down=down)}Z"
    )
    return element("path", d=path, fill=colour, fill_opacity=POURED, class_="ribbon", **attributes)


def _bend(x1: Number, y1: Number, x2: Number, y2: Number, *, down: bool) -> str:
    if down:
        middle = (y1 + y2) / 2
        return f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
    middle = (x1 + x2) / 2
    return f"C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


class Scale(NamedTuple):
    """Where numbers stand along a line: the lowest of them at `low`, the highest at `high`."""

    low: Number
    high: Number
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Sequence[float], low: Number, high: Number) -> "Scale":
        """A scale with room for zero and for all these numbers."""
        return cls(low, high, min(0.0, *numbers), max(0.0, *numbers))

    def at(self, value: Number) -> Number:
        """Where a number stands."""
        span = (self.most - self.least) or 1.0
        return self.low + (self.high - self.low) * (value - self.least) / span


def levels(parts: Sequence[float]) -> list[tuple[float, float]]:
    """Where each of several summands begins and ends, one upon the other."""
    ends = [0.0]
    for part in parts:
        ends.append(ends[-1] + part)
    return list(pairwise(ends))


def bar(area: Area, colour: str, mode: Mode, *, hollow: bool = False) -> Element:
    """A bar of a pile; a hollow one counts nothing."""
    return element(
        "rect",
        x=round(area.x, 1),
        y=round(area.y, 1),
        width=round(max(area.width, 1), 1),
        height=round(max(area.height, 1), 1),
        fill=style.PAPER[mode] if hollow else colour,
        stroke=colour,
        stroke_width=1.5,
        stroke_dasharray="4 3" if hollow else None,
    )
