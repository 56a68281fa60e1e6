"""The name of a head."""

from typing import NamedTuple


class HeadId(NamedTuple):
    """A head, counted from 0, written L0·H2."""

    layer: int
    head: int

    def __str__(self) -> str:
        return f"L{self.layer}·H{self.head}"
