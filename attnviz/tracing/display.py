"""How a token is shown: as people read it, with nothing invisible left in it."""

import unicodedata

from attnviz.errors import TextError

CONTINUATION = "##"  # WordPiece
WORD_START = "▁"  # SentencePiece
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}  # parts of one emoji


def visible(text: str) -> str:
    """`text` with control, bidi and zero-width characters written as ⟨U+200F⟩.

    A zero-width joiner or variation selector inside an emoji stays as it is.
    """
    if len(text) > 1 and any(unicodedata.category(c) == "So" for c in text):
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
    if unicodedata.category(character) in _INVISIBLE:
        return f"⟨U+{ord(character):04X}⟩"
    return character


def byte_alphabet() -> dict[str, int]:
    """The printable stand-ins of byte-level BPE, back to bytes (Radford et al. 2019)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    stand_ins = {chr(byte): byte for byte in printable}
    stand_ins.update({chr(256 + index): byte for index, byte in enumerate(others)})
    return stand_ins


_BYTES = byte_alphabet()


def token_text(piece: str, source: str, byte_level: bool) -> str:
    """A vocabulary piece as people read it.

    Word-piece, SentencePiece and byte-level marks are folded away. Where a byte-level
    piece is only part of a character, the character itself is shown.
    """
    if byte_level and all(c in _BYTES for c in piece):
        try:
            text = bytes(_BYTES[c] for c in piece).decode("utf-8")
        except UnicodeDecodeError:
            text = source
    else:
        text = piece.removeprefix(CONTINUATION).removeprefix(WORD_START)
    return visible(text.strip(" ") or "␣")
