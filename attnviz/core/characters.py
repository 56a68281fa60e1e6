"""Characters: what leaves no ink is written by its code, and halves are refused."""

import unicodedata

from attnviz.errors import TextError

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
_FILLERS = frozenset(  # letters, marks and signs that leave no ink either
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4\U0001d159"
) | {chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}  # parts of one emoji


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
