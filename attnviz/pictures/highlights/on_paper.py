"""Print: for each query the running text of the keys, each key tinted by its weight."""

from collections.abc import Sequence
from typing import NamedTuple

from attnviz.core.maps import AttentionMap, Place
from attnviz.pictures import style
from attnviz.pictures.style import HeadCode
from attnviz.pictures.svg import (
    HATCH,
    LABEL,
    WIDTH,
    Block,
    Length,
    columns_of,
    cut,
    hatch_pattern,
    text,
)

LINE, TINT = 15.0, 13.0  # from one line to the next, and the height of a tint
LETTER, SIZE = 6.0, 10.0  # of one column of text, and of the letters
EDGE, BETWEEN = 2.0, 6.0  # around a token, and between two texts


class _Slot(NamedTuple):
    """Where a key stands in the text, as (x, y, width) from the text's own top."""

    x: Length
    y: Length
    width: Length


def texts_on_paper(attention: AttentionMap, code: HeadCode) -> Block:
    """Every query with the whole text beside it."""
    slots = _laid_out(attention.columns)
    ramp = style.map_ramp(code, "light", signed=attention.is_signed)
    levels = style.map_levels(attention.values, signed=attention.is_signed)
    high = max((slot.y for slot in slots), default=0) + LINE + BETWEEN
    parts = [] if attention.allowed is None else [hatch_pattern(1)]
    for row, query in enumerate(attention.rows):
        top = row * high
        parts.append('<g class="query">')
        parts.append(text(LABEL - 6, top + SIZE, cut(query.text), SIZE, anchor="end"))
        for column, (slot, key) in enumerate(zip(slots, attention.columns, strict=True)):
            ink, fill = style.INK["light"], ""
            if attention.shown[row, column]:
                fill = "#{:02x}{:02x}{:02x}".format(*map(int, ramp[levels[row, column]]))
                ink = style.text_on(fill)
            elif attention.denied[row, column]:
                fill = f"url(#{HATCH})"
            parts.append(_token(slot, top, cut(key.text), fill, ink))
        parts.append("</g>")
    return Block("".join(parts), WIDTH, len(attention.rows) * high)


def _laid_out(places: Sequence[Place]) -> list[_Slot]:
    """The text in lines that fit beside the names of the queries."""
    slots, x, y = [], LABEL, 0.0
    for place in places:
        width = LETTER * max(1, columns_of(cut(place.text))) + 2 * EDGE
        if x + width > WIDTH and x > LABEL:
            x, y = LABEL, y + LINE
        slots.append(_Slot(x, y, width))
        x += width + EDGE
    return slots


def _token(slot: _Slot, top: Length, name: str, fill: str, ink: str) -> str:
    """A key and its tint; none where the weight is hidden."""
    y = top + slot.y
    ground = ""
    if fill:
        ground = (
            f'<rect class="tint" x="{slot.x:g}" y="{y:g}" width="{slot.width:g}" '
            f'height="{TINT:g}" fill="{fill}"/>'
        )
    return ground + text(slot.x + EDGE, y + SIZE, name, SIZE, ink=ink)
