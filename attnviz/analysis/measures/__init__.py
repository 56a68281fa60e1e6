"""Measures: one number a head, from its attention weights on one sentence.

One file a measure, each with a `MEASURE`; found by discovery, so a new measure is one
new file. The contract: pure, one finite number a head, inside the stated range.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from attnviz.core.tokens import Token

Allowed = Bool[np.ndarray, "#head query key"] | None  # the pairs that count; None: all of them


@runtime_checkable
class Compute(Protocol):
    """Weights and tokens to one number a head. Pairs that are not allowed count nowhere."""

    def __call__(
        self,
        weights: Float[np.ndarray, "head query key"],
        tokens: Sequence[Token],
        /,
        allowed: Allowed = None,
    ) -> Float[np.ndarray, " head"]:
        """One number a head."""
        ...


@dataclass(frozen=True, slots=True)
class Measure:
    """A named number a head."""

    name: str  # the column of `attnviz.measure`, and its text in the catalogue
    compute: Compute
    largest: Callable[[int], float]  # the upper end of the range at n tokens; the lower is 0


@cache
def measures() -> tuple[Measure, ...]:
    """All measures, by name."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return tuple(sorted((module.MEASURE for module in modules), key=lambda m: m.name))


def share(_: int) -> float:
    """The upper end of a share of attention."""
    return 1.0
