"""Where a line of text may end, in English and in Chinese, where no browser breaks it."""

from attnviz.pictures.widths import is_wide

SEPARATOR = " · "
_CLOSING = "，。：；！？、）】》」』”’…％%)]},.:;!?"  # no line begins with one
_OPENING = "（【《「『“‘([{"  # and none ends with one of these
_BINDING = frozenset("/×→↓←↑=+−≈<>")  # alone between two words, which stay together


def pieces(text: str) -> list[str]:
    """What cannot be broken: a word with the space after it, or one Chinese character.

    What closes stands with what is before it, and what opens with what follows.
    """
    found: list[str] = []
    for letter in text:
        if not found or _may_break(found[-1], letter):
            found.append("")
        found[-1] += letter
    return found


def _may_break(before: str, letter: str) -> bool:
    """Whether a line may end between a piece and the letter that follows it."""
    last = before[-1]
    if last == " ":
        return True
    if letter == " " or letter in _CLOSING or last in _OPENING:
        return False
    return is_wide(last) or is_wide(letter) or _closes_wide(before)


def _closes_wide(before: str) -> bool:
    """Whether a piece is a Chinese character with what closes it."""
    closed = before.rstrip(_CLOSING)
    return closed not in ("", before) and is_wide(closed[-1])


def units(text: str) -> list[str]:
    """Pieces with those that they are best read with: “query / key”, “27 × 27”, “2 个”."""
    found: list[str] = []
    binds = False
    for piece in pieces(text):
        word = piece.strip()
        if found and (binds or word in _BINDING or _counts(found[-1], word)):
            found[-1] += piece
        else:
            found.append(piece)
        binds = word in _BINDING
    return found


def _counts(before: str, word: str) -> bool:
    """Whether a number stands before a Chinese character, which says of what."""
    return bool(word) and is_wide(word[0]) and before.strip().isdigit()
