"""Tokens along two edges, with a line from each above (query) to each below (key).

A line is as opaque as its weight and as wide as the style says; one that no screen shows is not
drawn. On edges that stand upright, queries are at the left and keys at the right.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from attnviz.core.maps import Place
from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, Point, text
from attnviz.pictures.elements.hatched import hatched
from attnviz.pictures.elements.lettering import width_of
from attnviz.pictures.style import Mode, Paint
from attnviz.pictures.widths import cut

_AWAY = 5  # of a token from its lines


@dataclass(frozen=True, slots=True)
class Edges:
    """Where the tokens stand: both edges, as far apart as `area` is high, or wide upright."""

    area: Area  # of the lines
    count: int
    size: Number  # of the tokens' text
    upright: bool = False

    @property
    def step(self) -> float:
        """From one token to the next."""
        return (self.area.height if self.upright else self.area.width) / self.count

    def query(self, index: int) -> Point:
        """Where the lines of a query begin."""
        along = (index + 0.5) * self.step
        if self.upright:
            return self.area.x, self.area.y + along
        return self.area.x + along, self.area.y

    def key(self, index: int) -> Point:
        """Where the lines to a key end."""
        x, y = self.query(index)
        return (self.area.right, y) if self.upright else (x, self.area.bottom)


_SMALLEST = 11  # of a number
_WORTH = 0.05  # of a weight, to stand as a number beside the strongest


def weight_line(start: Point, end: Point, weight: float, part: str) -> Element | None:
    """The line of one weight, in the colour of the group that it stands in."""
    if weight < style.FAINTEST:
        return None
    return element(
        "line",
        x1=f"{start[0]:.1f}",
        y1=f"{start[1]:.1f}",
        x2=f"{end[0]:.1f}",
        y2=f"{end[1]:.1f}",
        stroke_opacity=f"{weight:.4f}",
        stroke_width=f"{style.line_width(weight):.3g}",
        class_="weight-line",
        data_part=part,
        data_value=repr(weight),
    )


def weight_lines(
    edges: Edges,
    weights: Float[np.ndarray, "query key"],
    queries: Iterable[int],
    paint: Paint,
    mode: Mode,
    parts: Sequence[Sequence[str]],
) -> Element:
    """All lines of some queries; `parts` are their names, by query and key."""
    lines = [
        weight_line(edges.query(row), edges.key(column), float(weights[row, column]), part)
        for row in queries
        for column, part in enumerate(parts[row])
    ]
    return element("g", *lines, class_="weight-lines", stroke=getattr(paint, mode))


def token(
    place: Place,
    at: Point,
    edges: Edges,
    mode: Mode,
    *,
    is_query: bool,
    colour: str | None = None,
    longest: int,
    **more: object,
) -> Element:
    """A token at its edge, read along its lines; `more` is what it does, as attributes."""
    x, y = at
    away = -_AWAY if is_query else _AWAY
    x, y = (x + away, y) if edges.upright else (x, y + away)
    starts = is_query != edges.upright
    shown = cut(place.text, longest)
    return element(
        "text",
        shown,
        element("title", place.name),
        x=round(x, 1),
        y=round(y, 1),
        fill=colour or style.INK[mode],
        font_size=edges.size,
        font_weight=650 if colour else None,
        text_anchor="start" if starts else "end",
        dominant_baseline="central",
        transform=None if edges.upright else f"rotate(-90 {x:.1f} {y:.1f})",
        class_="edge-token",
        data_part=f"word.{place.positions[0]}",
        **more,
    )


def chooses(control: str, value: object) -> dict[str, object]:
    """The attributes of what sets a control when it is clicked."""
    return {"data_choose": json.dumps({control: value}), "role": "button", "tabindex": 0}


def room_for(places: Sequence[Place], size: Number, longest: int) -> float:
    """What the longest token takes along its lines."""
    widest = max(width_of(cut(place.text, longest), 1.06 * size) for place in places)
    return float(max(2 * size, widest) + 2 * _AWAY)


def at_ends(
    edges: Edges,
    row: Float[np.ndarray, " key"],
    parts: Sequence[str],
    paint: Paint,
    mode: Mode,
    most: int = 3,
) -> Element:
    """The strongest weights of a query as numbers where their lines end, as room allows."""
    size = max(_SMALLEST, edges.size)
    room = size * (1.3 if edges.upright else 2.7)
    named: list[int] = []
    for index in np.argsort(-row, kind="stable").tolist():
        is_free = all(abs(index - other) * edges.step >= room for other in named)
        if len(named) < most and is_free and (not named or row[index] >= _WORTH):
            named.append(index)
    numbers = []
    for index in named:
        x, y = edges.key(index)
        x, y = (x - 1.3 * size, y) if edges.upright else (x, y - 0.8 * size)
        number = text(
            x, y, printed(float(row[index]), 2), getattr(paint, mode), size=size, bold=True
        )
        number.attributes.update(
            {"class": "ground", "data-part": parts[index], "data-value": repr(float(row[index]))}
        )
        numbers.append(number)
    return element("g", *numbers, class_="numbers")


def cells(
    area: Area,
    weights: Float[np.ndarray, "query key"],
    paint: Paint,
    mode: Mode,
    parts: Sequence[Sequence[str]],
    says: Sequence[Sequence[str]],
    denied: Bool[np.ndarray, "query key"] | None = None,
) -> Element:
    """A heatmap: a square a weight, as dark as its level; hatched where `denied`."""
    colours = style.ramp(getattr(paint, mode), mode)[style.level(weights)]
    wide, high = area.width / weights.shape[1], area.height / weights.shape[0]
    drawn = []
    for row, line in enumerate(weights):
        for column, weight in enumerate(line.tolist()):
            drawn.append(
                element(
                    "rect",
                    x=f"{area.x + column * wide:.1f}",
                    y=f"{area.y + row * high:.1f}",
                    width=f"{wide:.2f}",
                    height=f"{high:.2f}",
                    fill=style.hex_of(colours[row, column]),
                    class_="tile",
                    data_part=parts[row][column],
                    data_value=repr(weight),
                    data_says=says[row][column],
                )
            )
    frame = element(
        "rect",
        x=area.x,
        y=area.y,
        width=round(area.width, 1),
        height=round(area.height, 1),
        fill="none",
        stroke=style.RULE[mode],
    )
    return element("g", *drawn, hatched(denied, area, mode), frame, class_="tiles")
