"""How wide a line of text will be, and how it is cut or broken to fit; nothing measures it here."""

from unicodedata import combining, east_asian_width

from attnviz.pictures.elements import TEXT, Number

_LETTER, _WIDE = 0.58, 1.0  # width of a letter, and of a Chinese one, in its size
_CLOSING = "，。：；、！？）”"


def width_of(said: str, size: Number = 1) -> Number:
    """About how wide a line of text is."""
    return size * sum(_advance(letter) for letter in said)


def _advance(letter: str) -> float:
    if combining(letter):
        return 0.0
    return _WIDE if _is_wide(letter) else _LETTER


def _is_wide(letter: str) -> bool:
    return east_asian_width(letter) in "WF"


def fitting(said: str, width: Number, size: Number = TEXT) -> str:
    """A text as it fits into a width: cut, with … for the rest."""
    if width_of(said, size) <= width:
        return said
    kept = said
    while len(kept) > 1 and width_of(f"{kept}…", size) > width:
        kept = kept[:-1]
    return f"{kept}…"


def wrapped(said: str, width: Number, size: Number = TEXT) -> list[str]:
    """A text in lines that are not wider: between words, or between Chinese characters."""
    lines = [""]
    for piece in _pieces(said):
        if lines[-1] and width_of(lines[-1] + piece.rstrip(), size) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _pieces(said: str) -> list[str]:
    """What stays together: a word with the space after it, or one Chinese character."""
    pieces: list[str] = [""]
    for letter in said:
        begins = _is_wide(letter) and letter not in _CLOSING
        if pieces[-1] and (begins or pieces[-1][-1] == " " or _ends_wide(pieces[-1], letter)):
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _ends_wide(piece: str, after: str) -> bool:
    """Whether a Chinese character stands before a letter that does not close anything."""
    return _is_wide(piece[-1]) and after not in _CLOSING and after != " "
