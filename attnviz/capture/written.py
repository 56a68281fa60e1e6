"""Written: tokens that a model wrote, as people read them, where no text stands behind them.

Pieces may stand for bytes. A character whose bytes several pieces hold is the text of each of
them, and they are one word. Bytes of which no character comes are named, as <0xE7>.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.capture.display import Marks, byte_alphabet, token_text
from attnviz.capture.reading import Reading
from attnviz.core.characters import visible
from attnviz.core.tokens import Token
from attnviz.models.load import Model

_BYTES = byte_alphabet()
_BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")  # SentencePiece's byte fallback


@dataclass(frozen=True, slots=True)
class _Unit:
    """A character, or a byte of which none comes, and the pieces that hold it."""

    text: str
    first: int
    last: int


def tokens_written(ids: Sequence[int], model: Model) -> Reading:
    """Token numbers as a reading: piece by piece, with the characters that they hold parts of."""
    marks = Marks.of(model.tokenizer, model.byte_level)
    special = model.tokenizer.get_added_tokens_decoder()
    pieces = [model.tokenizer.id_to_token(number) for number in ids]
    held = [
        b"" if number in special else _bytes(piece, marks)
        for number, piece in zip(ids, pieces, strict=True)
    ]
    units = _units(held)
    words = _words(len(ids), units)
    tokens = []
    for place, (number, piece) in enumerate(zip(ids, pieces, strict=True)):
        mine = "".join(unit.text for unit in units if unit.first <= place <= unit.last)
        is_special = number in special and special[number].special
        if piece is None:  # a row of the embedding for which the tokenizer has no piece
            text = piece = f"#{number}"
        elif is_special:
            text = visible(piece)
        elif held[place]:
            text = visible(mine.strip(" ") or "␣" * len(mine))
        else:
            text = token_text(piece, piece, marks)
        word = None if is_special else words[place]
        whole = visible(_text_of(words, place, units).strip())
        tokens.append(Token(text, piece, place, word, 0, is_special, False, mine.strip(), whole))
    return Reading(tuple(ids), (0,) * len(ids), tuple(tokens), (), (), "")


def _bytes(piece: str | None, marks: Marks) -> bytes:
    """The bytes that a piece stands for; none where it is text."""
    if piece is None:
        return b""
    if marks.byte_level:
        return bytes(map(_BYTES.__getitem__, piece)) if all(c in _BYTES for c in piece) else b""
    found = _BYTE_PIECE.fullmatch(piece)
    return bytes([int(found[1], 16)]) if found else b""


def _units(held: Sequence[bytes]) -> list[_Unit]:
    """The characters that bytes of pieces side by side make."""
    stream = [(byte, place) for place, part in enumerate(held) for byte in part]
    found, at = [], 0
    while at < len(stream):
        size = _size(stream[at][0])
        part = stream[at : at + size]
        places = [place for _, place in part]
        try:
            text = bytes(byte for byte, _ in part).decode("utf-8")
            whole = all(held[n] for n in range(places[0], places[-1] + 1))  # nothing between them
        except UnicodeDecodeError:
            whole = False
        if not whole:
            text, places, size = f"<0x{stream[at][0]:02X}>", places[:1], 1
        found.append(_Unit(text, places[0], places[-1]))
        at += size
    return found


def _size(first: int) -> int:
    """How many bytes a character has in UTF-8, by its first."""
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def _words(pieces: int, units: Sequence[_Unit]) -> list[int]:
    """The word of each piece: those that hold one character are one, all others stand alone."""
    goes_on = {n for unit in units for n in range(unit.first + 1, unit.last + 1)}
    words: list[int] = []
    for place in range(pieces):
        words.append(words[-1] + (place not in goes_on) if words else 0)
    return words


def _text_of(words: Sequence[int], place: int, units: Sequence[_Unit]) -> str:
    """The characters of a word of several pieces; nothing of one, whose text is its own."""
    mine = [n for n, word in enumerate(words) if word == words[place]]
    if len(mine) == 1:
        return ""
    return "".join(u.text for u in units if u.first <= mine[-1] and u.last >= mine[0])
