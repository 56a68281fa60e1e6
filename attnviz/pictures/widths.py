"""What room letters take at most in usual fonts, where no browser measures them.

In sizes of the letters.
"""

import unicodedata
from collections.abc import Callable

SIGN = 1.1  # from one Chinese sign to the next
LETTER = 0.58  # of a letter on average
_CODE_SIGN, _CODE_LETTER = 1.21, 0.61
_NARROW = frozenset("fijlrtI.,:;'|!()[]/ ")
WIDE = frozenset("mwMW@%—…#&+<=>^~×÷ÆæŒœĦŴŵЉЊЖЮШЩЫФМжшщюфыъ")


def room_of(text: str) -> float:
    """What room a text takes, in its letters' size."""
    return sum(map(_width, text))


def _width(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if is_wide(character):
        return SIGN
    if character in WIDE:
        return 1.0
    if character in _NARROW:
        return 0.42
    return (0.8 if character.isupper() else 0.64) + (0 if character.isascii() else 0.08)


def room_of_code(text: str) -> float:
    """What room a text takes in letters of one width."""
    return sum(_CODE_SIGN if is_wide(sign) else _CODE_LETTER for sign in text)


def is_wide(sign: str) -> bool:
    """Whether a sign is as wide as a Chinese one."""
    return unicodedata.east_asian_width(sign) in "WF"


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, with … for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"


def shortened_to(text: str, fits: Callable[[str], bool]) -> str:
    """As much of a text as fits, with … for the rest; one character stays in any case."""
    start = text.removesuffix("…")
    while not fits(text) and len(start) > 1:
        start = start[:-1]
        text = f"{start}…"
    return text
