"""What room letters take at most in usual fonts, where no browser measures them.

In sizes of the letters.
"""

import unicodedata

SIGN = 1.1  # from one Chinese sign to the next
_NARROW = frozenset("fijlrtI.,:;'|!()[]/ ")
_WIDE = frozenset("mwMW@%—…#&+<=>^~×÷ÆæŒœĦŴŵЉЊЖЮШЩЫФМжшщюфыъ")


def room_of(text: str) -> float:
    """What room a text takes, in its letters' size."""
    return sum(map(_width, text))


def _width(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return SIGN
    if character in _WIDE:
        return 1.0
    if character in _NARROW:
        return 0.42
    return (0.8 if character.isupper() else 0.64) + (0 if character.isascii() else 0.08)


def columns_of(text: str) -> int:
    """How wide a text is, in letters: a Chinese sign counts as two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
