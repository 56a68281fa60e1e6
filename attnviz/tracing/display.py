"""How a token is shown: as people read it, with nothing invisible left in it."""

import re
import unicodedata
from dataclasses import dataclass

from tokenizers import Tokenizer, models

from attnviz.errors import TextError

WORD_START = "▁"  # SentencePiece
_BYTE_PIECE = re.compile(r"<0x[0-9A-F]{2}>")  # SentencePiece's byte fallback
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
_FILLERS = frozenset(  # letters, marks and signs that leave no ink either
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4\U0001d159"
) | {chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}  # parts of one emoji
_SPACE = "␣"


def visible(text: str) -> str:
    """`text` with every character that leaves no ink written as ⟨U+200F⟩, but for a space.

    A zero-width joiner or variation selector inside an emoji stays as it is.
    """
    if len(text) > 1 and any(unicodedata.category(c) == "So" and c not in _FILLERS for c in text):
        return "".join(c if c in _JOINERS else _named(c) for c in text)
    return "".join(_named(c) for c in text)


def check_whole(*texts: str) -> None:
    """Make sure that texts hold whole characters.

    Raises:
        TextError: if one holds half of a character.
    """
    for text in texts:
        for index, character in enumerate(text):
            if "\ud800" <= character <= "\udfff":
                code = f"U+{ord(character):04X}"
                raise TextError("half_character", position=index + 1, code=code)


def _named(character: str) -> str:
    hidden = unicodedata.category(character) in _INVISIBLE or character in _FILLERS
    return f"⟨U+{ord(character):04X}⟩" if hidden and character != " " else character


def byte_alphabet() -> dict[str, int]:
    """The printable stand-ins of byte-level BPE, back to bytes (Radford et al. 2019)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    stand_ins = {chr(byte): byte for byte in printable}
    stand_ins.update({chr(256 + index): byte for index, byte in enumerate(others)})
    return stand_ins


_BYTES = byte_alphabet()


@dataclass(frozen=True, slots=True)
class Marks:
    """What the pieces of one tokenizer hold besides text."""

    byte_level: bool = False  # pieces stand for bytes
    continuation: str = ""  # before a piece that goes on with a word (## of WordPiece)
    word_end: str = ""  # after a piece that ends one
    word_start: str = ""  # for a space (▁ of SentencePiece)

    @classmethod
    def of(cls, tokenizer: Tokenizer, byte_level: bool) -> "Marks":
        """The marks of a tokenizer: what another would use as a mark is text to this one."""
        model = tokenizer.model
        continuation = getattr(model, "continuing_subword_prefix", None) or ""
        word_end = getattr(model, "end_of_word_suffix", None) or ""
        marks_spaces = isinstance(model, (models.BPE, models.Unigram))
        if byte_level or continuation or word_end:
            marks_spaces = False
        return cls(byte_level, continuation, word_end, WORD_START if marks_spaces else "")


def token_text(piece: str, source: str, marks: Marks) -> str:
    """A vocabulary piece as people read it, without its marks.

    Where a piece is only part of a character, the character itself is shown.
    """
    text = _without_marks(piece, source, marks)
    return visible(text.strip(" ") or _SPACE * max(1, len(text)))


def is_space(text: str) -> bool:
    """Whether a token's text stands for spaces and nothing else."""
    return not text.strip(_SPACE)


def _without_marks(piece: str, source: str, marks: Marks) -> str:
    if marks.byte_level and all(c in _BYTES for c in piece):
        try:
            return bytes(_BYTES[c] for c in piece).decode("utf-8")
        except UnicodeDecodeError:
            return source
    if marks.word_start:
        if _BYTE_PIECE.fullmatch(piece):
            return source
        piece = piece.replace(marks.word_start, " ")
    return piece.removeprefix(marks.continuation).removesuffix(marks.word_end)
