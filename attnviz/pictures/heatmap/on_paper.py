"""Print: a heatmap as squares, with the names of its places at both edges."""

from collections.abc import Iterable
from itertools import zip_longest

from attnviz.core.maps import AttentionMap
from attnviz.pictures import style
from attnviz.pictures.style import HeadCode
from attnviz.pictures.svg import (
    LABEL,
    WIDTH,
    Block,
    Length,
    cut,
    hatched,
    legend,
    squares,
    step_of,
    text,
)

ROOM = WIDTH - LABEL - 16  # of the cells


def cells_on_paper(attention: AttentionMap, code: HeadCode, room: Length = ROOM) -> Block:
    """A heatmap: a square a cell, as dark as its level, with the places at both edges."""
    signed = attention.is_signed
    step = step_of(max(attention.values.shape), room)
    wide, high = (step * len(places) for places in (attention.columns, attention.rows))
    ramp = style.map_ramp(code, "light", signed=signed)
    levels = style.map_levels(attention.values, signed=signed)
    parts = [f'<g transform="translate({LABEL:g} 0) scale({step:g})" class="cells">']
    parts += squares({(0, 0): (levels, attention.shown)}, ramp, style.HALF if signed else 0)
    parts += [*hatched({(0, 0): attention.denied}, step), "</g>"]
    parts += _place_names(attention, step)
    bottom = high + LABEL + 8
    parts.append(legend(ramp, bottom, signed=signed))
    return Block("".join(parts), LABEL + wide + 8, bottom + 16)


def _place_names(attention: AttentionMap, step: Length) -> Iterable[str]:
    """Each place beside its row, and below its column."""
    size, below = min(9.0, step), step * len(attention.rows) + 5
    rows = [
        text(LABEL - 4, (n + 0.5) * step + size / 3, cut(place.text), size, anchor="end")
        for n, place in enumerate(attention.rows)
    ]
    columns = [
        text(
            LABEL + (n + 0.5) * step + size / 3,
            below,
            cut(place.text),
            size,
            anchor="end",
            turned=True,
        )
        for n, place in enumerate(attention.columns)
    ]
    for pair in zip_longest(rows, columns, fillvalue=""):
        yield from pair
