"""Print: for each query the running text of the keys, each key tinted by its weight."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

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
TEXT = "keys"  # the name of the text in the file
EDGE, BETWEEN = 2.0, 6.0  # around a token, and between two texts


class _Slot(NamedTuple):
    """Where a key stands in the text, as (x, y, width) from the text's own top."""

    x: Length
    y: Length
    width: Length


def texts_on_paper(attention: AttentionMap, code: HeadCode) -> Block:
    """Every query with the whole text beside it.

    The text itself stands in the file once; beside each query are its tints, those of one level
    as one path, and the words that want another ink on theirs.
    """
    slots = _laid_out(attention.columns)
    ramp = style.map_ramp(code, "light", signed=attention.is_signed)
    levels = style.map_levels(attention.values, signed=attention.is_signed)
    fills = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in ramp.tolist()]
    inks = [style.text_on(fill) for fill in fills]
    high = max((slot.y for slot in slots), default=0) + LINE + BETWEEN
    parts = [] if attention.allowed is None else [hatch_pattern(1)]
    names = [_name(slot, key, style.INK["light"]) for slot, key in _each(slots, attention)]
    parts.append(f'<defs><g id="{TEXT}">{"".join(names)}</g></defs>')
    for row, query in enumerate(attention.rows):
        parts.append(f'<g class="query" transform="translate(0 {row * high:g})">')
        parts.append(text(LABEL - 6, SIZE, cut(query.text), SIZE, anchor="end"))
        shown = attention.shown[row]
        for level in np.unique(levels[row][shown]).tolist():
            chosen = np.flatnonzero(shown & (levels[row] == level))
            parts.append(_tints([slots[n] for n in chosen], fills[level]))
        if (denied := attention.denied[row]).any():
            chosen = np.flatnonzero(denied)
            parts.append(_tints([slots[n] for n in chosen], f"url(#{HATCH})"))
        parts.append(f'<use href="#{TEXT}"/>')
        parts += [
            _name(slot, key, inks[level])
            for (slot, key), level, is_shown in zip(
                _each(slots, attention), levels[row].tolist(), shown.tolist(), strict=True
            )
            if is_shown and inks[level] != style.INK["light"]
        ]
        parts.append("</g>")
    return Block("".join(parts), WIDTH, len(attention.rows) * high)


def _each(slots: list[_Slot], attention: AttentionMap) -> Iterator[tuple[_Slot, Place]]:
    """Each key, and where it stands."""
    return zip(slots, attention.columns, strict=True)


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


def _tints(slots: list[_Slot], fill: str) -> str:
    """The ground of some keys, as one path that is as wide as a line of text."""
    drawn = "".join(f"M{slot.x:g} {slot.y + TINT / 2:g}h{slot.width:g}" for slot in slots)
    return f'<path class="tint" stroke="{fill}" stroke-width="{TINT:g}" d="{drawn}"/>'


def _name(slot: _Slot, key: Place, ink: str) -> str:
    return text(slot.x + EDGE, slot.y + SIZE, cut(key.text), SIZE, ink=ink)
