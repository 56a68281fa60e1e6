"""How wide letters are about, where no browser measures them: in sizes of the letters."""

import unicodedata

_NARROW = frozenset("fijlrtI.,:;'|!()[]/ ")
_WIDE = frozenset("mwMW@%—…")


def width_of(text: str) -> float:
    """How wide a text is, in its letters' size; rather more than it is."""
    return sum(map(_width, text))


def _width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.36
    if character in _WIDE or character.isupper():
        return 0.9 if character in _WIDE else 0.7
    return 0.58


def columns_of(text: str) -> int:
    """How wide a text is, in letters: a Chinese sign counts as two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
