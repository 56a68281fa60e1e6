"""Print: for each query the running text of the keys, each key tinted by its weight."""

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from attnviz.core.maps import AttentionMap, Place, second_text
from attnviz.pictures import style
from attnviz.pictures.names import between_texts
from attnviz.pictures.paper import Length, Paper
from attnviz.pictures.style import HeadCode
from attnviz.pictures.svg import Block, hatch_name, hatch_pattern, legend, text
from attnviz.pictures.widths import LETTER, room_of

LINE, TINT = 1.5, 1.3  # from one line to the next, and a tint's height, in the letters' size
TEXT = "keys"  # how the name of the text in the file begins
EDGE, BETWEEN = 2.0, 6.0  # around a token, and between two texts


class _Slot(NamedTuple):
    """Where a key stands in the text, as (x, y, width) from the text's own top."""

    x: Length
    y: Length
    width: Length


def texts_on_paper(attention: AttentionMap, code: HeadCode, paper: Paper) -> Block:
    """Every query with the whole text beside it.

    The text itself stands in the file once; beside each query are its tints, those of one level
    as one path, and the words that want another ink on theirs.
    """
    left = paper.label_room([place.text for place in attention.rows], beside=True)
    slots = _laid_out(attention.columns, left, paper)
    ramp = style.map_ramp(code, paper.mode, signed=attention.is_signed)
    levels = style.map_levels(attention.values, signed=attention.is_signed)
    fills = [style.hex_of(colour) for colour in ramp]
    inks = [style.text_on(fill) for fill in fills]
    denied, ink = attention.denied, paper.ink
    is_other = np.array([other_ink != ink for other_ink in inks])
    size = paper.letters
    high = max((slot.y for slot in slots), default=0) + LINE * size + BETWEEN
    parts = [] if attention.allowed is None else [hatch_pattern(1, paper.faint)]
    grounds = [_ground(slot, size) for slot in slots]
    names = [paper.name(key.text) for key in attention.columns]
    drawn = [_name(slot, name, ink, size) for slot, name in zip(slots, names, strict=True)]
    if (second := second_text(attention.columns)) is not None:
        slot = slots[second]
        line = f"M{slot.x - EDGE / 2:g} {slot.y:g}v{TINT * size:g}"
        drawn.append(between_texts(line, paper))
    words = "".join(drawn)
    name = f"{TEXT}-{crc32(words.encode()):08x}"  # a page may hold several texts
    parts.append(f'<defs><g id="{name}">{words}</g></defs>')
    for row, query in enumerate(attention.rows):
        parts.append(f'<g class="query" transform="translate(0 {row * high:g})">')
        query_name = paper.name(query.text, beside=True)
        parts.append(text(left - 6, size, query_name, size, ink=ink, anchor="end"))
        shown = attention.shown[row]
        for level in np.unique(levels[row][shown]).tolist():
            keys = np.flatnonzero(shown & (levels[row] == level))
            parts.append(_tints([grounds[n] for n in keys], fills[level], size))
        if denied[row].any():
            hatched = [grounds[n] for n in np.flatnonzero(denied[row])]
            parts.append(_tints(hatched, f"url(#{hatch_name(1, paper.faint)})", size))
        parts.append(f'<use href="#{name}"/>')
        parts += [
            _name(slots[n], names[n], inks[levels[row, n]], size)
            for n in np.flatnonzero(shown & is_other[levels[row]])
        ]
        parts.append("</g>")
    bottom = len(attention.rows) * high
    stops = legend(ramp, bottom, paper, signed=attention.is_signed)
    return Block("".join([*parts, stops.elements]), paper.width, bottom + stops.height)


def _laid_out(places: Sequence[Place], left: Length, paper: Paper) -> list[_Slot]:
    """The text in lines that fit beside the names of the queries."""
    slots, x, y = [], left, 0.0
    for place in places:
        name = paper.name(place.text)
        width = paper.letters * max(LETTER, room_of(name)) + 2 * EDGE
        if x + width > paper.width and x > left:
            x, y = left, y + LINE * paper.letters
        slots.append(_Slot(x, y, width))
        x += width + EDGE
    return slots


def _ground(slot: _Slot, size: float) -> str:
    """The middle of what is behind a key, from its left to its right."""
    return f"M{slot.x:g} {slot.y + TINT * size / 2:g}h{slot.width:g}"


def _tints(grounds: list[str], fill: str, size: float) -> str:
    """The ground of some keys, as one path that is as wide as a line of text."""
    drawn = "".join(grounds)
    return f'<path class="tint" stroke="{fill}" stroke-width="{TINT * size:g}" d="{drawn}"/>'


def _name(slot: _Slot, said: str, ink: str, size: float) -> str:
    return text(slot.x + EDGE, slot.y + size, said, size, ink=ink)
