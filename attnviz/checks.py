"""Checks of what a caller gives: whatever is wrong gets a sentence that says what there is.

What can be taken is: whole numbers and shares of any number type become Python's own, so that
a recipe prints them as they were meant.
"""

import math
import operator
from collections.abc import Collection, Iterable
from numbers import Real
from typing import Any

from attnviz.errors import ArgumentError

LONGEST = 60  # characters of a wrong value that are quoted
_QUOTED = (str, bytes, int, float, tuple, list, set, dict, type(None))
TEXT = "The cat sat on the mat"


def quoted(value: object) -> str:
    """A value as its sentence shows it: as Python writes it, or by its kind if it is large."""
    if not isinstance(value, _QUOTED):
        return f"<{type(value).__name__}>"
    written = repr(value)
    return written if len(written) <= LONGEST else written[: LONGEST - 1] + "…"


def kind(name: str, value: object, kinds: type | tuple[type, ...], example: str) -> None:
    """Make sure that a value is of a kind.

    Raises:
        ArgumentError: if it is not; the sentence shows an example.
    """
    if not isinstance(value, kinds):
        raise ArgumentError("not_kind", name=name, value=quoted(value), example=example)


def text(name: str, value: object) -> None:
    """Make sure that a value is text."""
    kind(name, value, str, repr(TEXT))


def one_of(name: str, value: object, choices: Collection[str]) -> None:
    """Make sure that a value is one of the choices.

    Raises:
        ArgumentError: if it is not; the sentence lists them.
    """
    if not (isinstance(value, str) and value in choices):
        known = ", ".join(map(repr, choices))
        raise ArgumentError("not_one_of", name=name, value=quoted(value), known=known)


def number(value: object) -> int | None:
    """A whole number of any type as Python's own; None for what is none, bools included."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def whole(name: str, value: object) -> int:
    """A whole number of any type as Python's own.

    Raises:
        ArgumentError: if it is none.
    """
    found = number(value)
    if found is None:
        raise ArgumentError("not_whole", name=name, value=quoted(value))
    return found


def share(name: str, value: object) -> float:
    """A number from 0 to 1 of any type as Python's own.

    Raises:
        ArgumentError: if it is none.
    """
    taken = isinstance(value, Real) and type(value).__name__ != "bool"
    found = float(value) if taken else math.nan  # type: ignore[arg-type]
    if not 0 <= found <= 1:
        raise ArgumentError("not_share", name=name, value=quoted(value))
    return found


def flag(name: str, value: object) -> bool:
    """True or False, of Python or of NumPy.

    Raises:
        ArgumentError: if it is neither.
    """
    if type(value).__name__ not in ("bool", "bool_"):
        raise ArgumentError("not_flag", name=name, value=quoted(value))
    return bool(value)


def several(name: str, value: object, example: str) -> list[Any]:
    """The members of a list, a tuple or anything else that holds several; text is none.

    Raises:
        ArgumentError: if it is none; the sentence shows an example.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ArgumentError("not_kind", name=name, value=quoted(value), example=example)
    return list(value)


def span(name: str, value: object) -> tuple[int, int]:
    """Two positions in a text, in order: the first and the last token."""
    parts = list(value) if isinstance(value, tuple | list) else []
    ends = tuple(found for part in parts if (found := number(part)) is not None)
    if len(parts) != 2 or len(ends) != 2 or not 0 <= ends[0] <= ends[1]:
        raise ArgumentError("not_a_span", name=name, value=quoted(value))
    return ends[0], ends[1]
