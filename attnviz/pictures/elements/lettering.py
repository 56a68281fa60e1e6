"""How wide a line of text will be, and how it is cut or broken to fit; nothing measures it here."""

from unicodedata import combining

from attnviz.pictures.breaking import pieces
from attnviz.pictures.elements import TEXT, Number
from attnviz.pictures.widths import WIDE, is_wide, shortened_to

_WIDE = 1.0  # width of a Chinese sign, or of an m, in its size
_CAPITAL, _LETTER = 0.74, 0.62
_NARROW = {**dict.fromkeys("ijlI.,:;'|!()[] ", 0.36), **dict.fromkeys("frt", 0.42)}


def width_of(said: str, size: Number = 1) -> Number:
    """About how wide a line of text is."""
    return size * sum(_advance(letter) for letter in said)


def _advance(letter: str) -> float:
    if combining(letter):
        return 0.0
    if is_wide(letter) or letter in WIDE:
        return _WIDE
    return _NARROW.get(letter, _CAPITAL if letter.isupper() else _LETTER)


def fitting(said: str, width: Number, size: Number = TEXT) -> str:
    """A text as it fits into a width: cut, with … for the rest."""
    return shortened_to(said, lambda text: width_of(text, size) <= width)


def wrapped(said: str, width: Number, size: Number = TEXT) -> list[str]:
    """A text in lines that are not wider: between words, or between Chinese characters."""
    lines = [""]
    for piece in pieces(said):
        if lines[-1] and width_of(lines[-1] + piece.rstrip(), size) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]
