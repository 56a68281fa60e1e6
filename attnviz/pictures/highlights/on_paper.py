"""Print: for each query, or what is pinned, the running text, tinted by the weights of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

import numpy as np
from jaxtyping import Bool, Float, Integer, UInt8

from attnviz.core.maps import AttentionMap, Place, second_text
from attnviz.pictures import style
from attnviz.pictures.names import between_texts
from attnviz.pictures.paper import Length, Paper
from attnviz.pictures.pinned import mark
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


@dataclass(frozen=True)
class _Text:
    """A text as it stands in the file once, and how each token of the other side tints it."""

    tokens: Sequence[Place]  # beside each of which the text stands
    keys: Sequence[Place]
    values: Float[np.ndarray, "token key"]
    shown: Bool[np.ndarray, "token key"]
    denied: Bool[np.ndarray, "token key"]
    left: Length
    paper: Paper

    @cached_property
    def slots(self) -> list[_Slot]:
        return _laid_out(self.keys, self.left, self.paper)

    @cached_property
    def names(self) -> list[str]:
        return [self.paper.name(key.text) for key in self.keys]

    @cached_property
    def high(self) -> Length:
        return max((slot.y for slot in self.slots), default=0) + LINE * self.paper.letters + BETWEEN

    @cached_property
    def words(self) -> str:
        """The text without tints; between two texts stands a line."""
        paper, size = self.paper, self.paper.letters
        pairs = zip(self.slots, self.names, strict=True)
        drawn = [_name(slot, name, paper.ink, size) for slot, name in pairs]
        if (second := second_text(self.keys)) is not None:
            slot = self.slots[second]
            line = f"M{slot.x - EDGE / 2:g} {slot.y:g}v{TINT * size:g}"
            drawn.append(between_texts(line, paper))
        return "".join(drawn)

    @cached_property
    def name(self) -> str:
        return f"{TEXT}-{crc32(self.words.encode()):08x}"  # a page may hold several texts


@dataclass(frozen=True)
class _Inks:
    """What tints a value, and the ink of words on it."""

    ramp: UInt8[np.ndarray, "level rgb"]
    signed: bool

    @cached_property
    def fills(self) -> list[str]:
        return [style.hex_of(colour) for colour in self.ramp]

    @cached_property
    def on(self) -> list[str]:
        return [style.text_on(fill) for fill in self.fills]

    def level(self, values: Float[np.ndarray, " key"]) -> Integer[np.ndarray, " key"]:
        """The step of each value on the ramp."""
        return style.map_levels(values, signed=self.signed)


def texts_on_paper(
    attention: AttentionMap, code: HeadCode, paper: Paper, pins: Sequence[str] = ()
) -> Block:
    """Every query with the whole text beside it; with `pins`, these tokens alone.

    The text itself stands in the file once; beside each query are its tints, those of one level
    as one path, and the words that want another ink on theirs.
    """
    signed = attention.is_signed
    inks = _Inks(style.map_ramp(code, paper.mode, signed=signed), signed)
    pinned = pins or tuple(f"q{n}" for n in range(len(attention.rows)))
    sides = {"q": attention.rows, "k": attention.columns}
    said = {pin: mark(pins, pin) + sides[pin[0]][int(pin[1:])].text for pin in pinned}
    texts = _texts(attention, paper.label_room(list(said.values()), beside=True), paper)
    parts = [] if attention.allowed is None else [hatch_pattern(1, paper.faint)]
    words = {texts[pin[0]].name: texts[pin[0]].words for pin in pinned}
    parts += [f'<defs><g id="{name}">{drawn}</g></defs>' for name, drawn in words.items()]
    bottom: Length = 0
    for pin in pinned:
        text_of_pin = texts[pin[0]]
        parts.append(f'<g class="query" transform="translate(0 {bottom:g})">')
        parts += [*_tinted(text_of_pin, int(pin[1:]), said[pin], inks), "</g>"]
        bottom += text_of_pin.high
    stops = legend(inks.ramp, bottom, paper, signed=signed)
    return Block("".join([*parts, stops.elements]), paper.width, bottom + stops.height)


def _texts(attention: AttentionMap, left: Length, paper: Paper) -> dict[str, _Text]:
    """For queries ("q") the text of the keys; for keys ("k") that of the queries."""
    rows, columns = attention.rows, attention.columns
    values, shown, denied = attention.values, attention.shown, attention.denied
    return {
        "q": _Text(rows, columns, values, shown, denied, left, paper),
        "k": _Text(columns, rows, values.T, shown.T, denied.T, left, paper),
    }


def _tinted(seen: _Text, token: int, said: str, inks: _Inks) -> Iterator[str]:
    """What is said of a token, and the text beside it as it is tinted for that token."""
    paper, size, levels = seen.paper, seen.paper.letters, inks.level(seen.values[token])
    shown, denied = seen.shown[token], seen.denied[token]
    grounds = [_ground(slot, size) for slot in seen.slots]
    name = paper.name(said, beside=True)
    yield text(seen.left - 6, size, name, size, ink=paper.ink, anchor="end")
    for level in np.unique(levels[shown]).tolist():
        keys = np.flatnonzero(shown & (levels == level))
        yield _tints([grounds[n] for n in keys], inks.fills[level], size)
    if denied.any():
        hatched = [grounds[n] for n in np.flatnonzero(denied)]
        yield _tints(hatched, f"url(#{hatch_name(1, paper.faint)})", size)
    yield f'<use href="#{seen.name}"/>'
    for n in np.flatnonzero(shown):
        if inks.on[levels[n]] != paper.ink:
            yield _name(seen.slots[n], seen.names[n], inks.on[levels[n]], size)


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
