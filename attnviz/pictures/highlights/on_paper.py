"""Print: for each query the running text of the keys, each key tinted by its weight."""

from collections.abc import Sequence
from typing import NamedTuple

from attnviz.core.maps import AttentionMap, Place
from attnviz.pictures import style
from attnviz.pictures.paper import Length, Paper, cut
from attnviz.pictures.style import HeadCode
from attnviz.pictures.svg import HATCH, Block, hatch_pattern, text
from attnviz.pictures.widths import columns_of, room_of

# In the size of the letters: from one line to the next, a tint's height, a column of text.
LINE, TINT, LETTER = 1.5, 1.3, 0.6
EDGE, BETWEEN = 2.0, 6.0  # around a token, and between two texts


class _Slot(NamedTuple):
    """Where a key stands in the text, as (x, y, width) from the text's own top."""

    x: Length
    y: Length
    width: Length


def texts_on_paper(attention: AttentionMap, code: HeadCode, paper: Paper) -> Block:
    """Every query with the whole text beside it."""
    left = paper.label_room([place.text for place in attention.rows], beside=True)
    slots = _laid_out(attention.columns, left, paper)
    ramp = style.map_ramp(code, paper.mode, signed=attention.is_signed)
    levels = style.map_levels(attention.values, signed=attention.is_signed)
    size = paper.letters
    high = max((slot.y for slot in slots), default=0) + LINE * size + BETWEEN
    parts = [] if attention.allowed is None else [hatch_pattern(1, paper.faint)]
    for row, query in enumerate(attention.rows):
        top = row * high
        parts.append('<g class="query">')
        name = paper.name(query.text, beside=True)
        parts.append(text(left - 6, top + size, name, size, ink=paper.ink, anchor="end"))
        for column, (slot, key) in enumerate(zip(slots, attention.columns, strict=True)):
            ink, fill = paper.ink, ""
            if attention.shown[row, column]:
                fill = "#{:02x}{:02x}{:02x}".format(*map(int, ramp[levels[row, column]]))
                ink = style.text_on(fill)
            elif attention.denied[row, column]:
                fill = f"url(#{HATCH})"
            parts.append(_token(slot, top, cut(key.text), fill, ink, size))
        parts.append("</g>")
    return Block("".join(parts), paper.width, len(attention.rows) * high)


def _laid_out(places: Sequence[Place], left: Length, paper: Paper) -> list[_Slot]:
    """The text in lines that fit beside the names of the queries."""
    slots, x, y = [], left, 0.0
    for place in places:
        name = cut(place.text)
        letters = room_of(name) if paper.is_exact else LETTER * columns_of(name)
        width = paper.letters * max(LETTER, letters) + 2 * EDGE
        if x + width > paper.width and x > left:
            x, y = left, y + LINE * paper.letters
        slots.append(_Slot(x, y, width))
        x += width + EDGE
    return slots


def _token(slot: _Slot, top: Length, name: str, fill: str, ink: str, size: float) -> str:
    """A key and its tint; none where the weight is hidden."""
    y = top + slot.y
    ground = ""
    if fill:
        ground = (
            f'<rect class="tint" x="{slot.x:g}" y="{y:g}" width="{slot.width:g}" '
            f'height="{TINT * size:g}" fill="{fill}"/>'
        )
    return ground + text(slot.x + EDGE, y + size, name, size, ink=ink)
