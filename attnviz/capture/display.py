"""How a token is shown: as people read it, with nothing invisible left in it."""

import re
from dataclasses import dataclass

from tokenizers import Tokenizer, models

from attnviz.core.characters import visible

WORD_START = "▁"  # SentencePiece
_BYTE_PIECE = re.compile(r"<0x[0-9A-F]{2}>")  # SentencePiece's byte fallback
_SPACE = "␣"


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
