"""The name of a head."""

from collections.abc import Iterable
from typing import NamedTuple

from attnviz import checks
from attnviz.errors import ArgumentError


class HeadId(NamedTuple):
    """A head, counted from 0, written L0·H2."""

    layer: int
    head: int

    def __str__(self) -> str:
        return f"L{self.layer}·H{self.head}"


def as_head(given: object) -> HeadId:
    """A head from any pair of whole numbers.

    Raises:
        ArgumentError: if it is no such pair.
    """
    numbers = [checks.number(one) for one in given] if isinstance(given, Iterable) else []
    match numbers:
        case [int(layer), int(head)]:
            return HeadId(layer, head)
    raise ArgumentError("no_head", value=checks.quoted(given))


def as_heads(given: object) -> tuple[HeadId, ...]:
    """Heads from any list of such pairs.

    Raises:
        ArgumentError: if it is none, or empty.
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ArgumentError("no_head", value=checks.quoted(given))
    heads = tuple(map(as_head, given))
    if not heads:
        raise ArgumentError("no_heads")
    return heads
