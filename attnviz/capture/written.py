"""Written: tokens that a model wrote, as people read them, where no text stands behind them.

Pieces may stand for bytes. A character whose bytes several pieces hold is the text of each of
them, and they are one word. Bytes of which no character comes are named, as <0xE7>.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tokenizers import AddedToken, Tokenizer

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


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the numbers of a model stand for, each by itself."""

    tokenizer: Tokenizer
    marks: Marks
    added: Mapping[int, AddedToken]

    @classmethod
    def of(cls, model: Model) -> "Vocabulary":
        """That of a model."""
        tokenizer = model.tokenizer
        return cls(
            tokenizer,
            Marks.of(tokenizer, model.byte_level),
            tokenizer.get_added_tokens_decoder(),
        )

    def is_special(self, number: int) -> bool:
        """Whether it is one that no text holds, such as [CLS]."""
        return number in self.added and self.added[number].special

    def bytes_of(self, number: int) -> bytes:
        """The bytes that its piece stands for; none where that is text."""
        piece = self.tokenizer.id_to_token(number)
        if piece is None or number in self.added:
            return b""
        if self.marks.byte_level:
            return bytes(map(_BYTES.__getitem__, piece)) if all(c in _BYTES for c in piece) else b""
        code = _BYTE_PIECE.fullmatch(piece)
        return bytes([int(code[1], 16)]) if code else b""

    def text(self, number: int, held: str | None = None) -> str:
        """It as people read it; `held` are the characters that it and those beside it make."""
        piece = self.tokenizer.id_to_token(number)
        if piece is None:  # a row of the embedding for which the tokenizer has no piece
            return f"#{number}"
        if self.is_special(number):
            return visible(piece)
        if not (mine := self.bytes_of(number)):
            return token_text(piece, piece, self.marks)
        if held is None:
            held = "".join(unit.text for unit in _units([mine]))
        return visible(held.strip(" ") or "␣" * len(held))


def tokens_written(ids: Sequence[int], model: Model) -> Reading:
    """Token numbers as a reading: piece by piece, with the characters that they hold parts of."""
    vocabulary = Vocabulary.of(model)
    units = _units(list(map(vocabulary.bytes_of, ids)))
    words = _words(len(ids), units)
    tokens = []
    for place, number in enumerate(ids):
        mine = "".join(unit.text for unit in units if unit.first <= place <= unit.last)
        text = vocabulary.text(number, mine)
        piece = model.tokenizer.id_to_token(number) or text
        is_special = vocabulary.is_special(number)
        word = None if is_special else words[place]
        whole = visible(_text_of(words, place, units).strip())
        tokens.append(Token(text, piece, place, word, 0, is_special, False, mine.strip(), whole))
    return Reading(tuple(ids), (0,) * len(ids), tuple(tokens), (), (), "")


def _units(held: Sequence[bytes]) -> list[_Unit]:
    """The characters that bytes of pieces side by side make."""
    stream = [(byte, place) for place, part in enumerate(held) for byte in part]
    units, at = [], 0
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
        units.append(_Unit(text, places[0], places[-1]))
        at += size
    return units


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
