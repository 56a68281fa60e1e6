"""The names of a heatmap's columns: turned to run upwards; signs that are read upright, not.

An axis of Plotly turns all its names or none: where only some are turned, the others are notes in
their places.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

from attnviz.core.maps import Place
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.names import is_upright
from attnviz.pictures.widths import cut, room_of

LONGEST_LABEL = 14
TICK = 3  # px
BETWEEN = 8  # px from the edge to a name, its tick, and the cells
_LEADING = 1.3  # of Plotly, from one line to the next


class Columns(NamedTuple):
    """The axis of the columns, the notes below it, and the px that both take below the cells."""

    axis: dict[str, Any]
    notes: list[dict[str, Any]]
    room: int


def label(text: str) -> str:
    """A name as an axis writes it."""
    return plotly_text(cut(text, LONGEST_LABEL))


def named_columns(axis: dict[str, Any], places: Sequence[Place], size: int) -> Columns:
    """The names of columns in letters of so many px, at the ticks of an axis."""
    names = {at: cut(places[at].label, LONGEST_LABEL) for at in axis["tickvals"]}
    upright = {at: _stacked(name) for at, name in names.items() if is_upright(name)}
    turned = [plotly_text(name) for at, name in names.items() if at not in upright]
    signs = max((len(names[at]) for at in upright), default=0)
    room = max(_room_for(turned, size), ceil(_LEADING * size * signs) + BETWEEN)
    if not turned:
        level = {**axis, "ticktext": list(upright.values()), "tickangle": 0}
        return Columns(level, [], room)
    texts = ["" if at in upright else plotly_text(name) for at, name in names.items()]
    notes = [_note(at, text, size) for at, text in upright.items()]
    return Columns({**axis, "ticktext": texts, "tickangle": -90}, notes, room)


def _stacked(name: str) -> str:
    """Signs below each other."""
    return "<br>".join(map(plotly_text, name))


def _note(at: int, text: str, size: int) -> dict[str, Any]:
    """A name below a column, as far from it as those of the axis."""
    return {
        "x": at,
        "xref": "x",
        "y": 0,
        "yref": "paper",
        "yanchor": "top",
        "yshift": -TICK,
        "borderpad": 0,
        "text": text,
        "font": {"size": size},
        "showarrow": False,
        "name": "column",
    }


def _room_for(labels: Sequence[str], size: int) -> int:
    """Px that names of so many px take below an axis, with what stands between them and it."""
    return ceil(size * max(map(room_of, labels), default=0)) + BETWEEN
