"""Measures: one number a head, from its attention on one sentence.

One file a measure, each with a `MEASURE`; found by discovery, so a new measure is one new file
and its texts. The contract: pure, one number a head inside the stated range, with the number of
tokens that it rests on; where it rests on none, no number (NaN) and never 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.analysis.received import Received
from attnviz.analysis.targets import Sides, Targets
from attnviz.texts import Language, say

Unit = Literal["share", "nats", "tokens", "length"]


@dataclass(frozen=True, eq=False)
class Attention:
    """The attention of several heads between the same tokens: what a measure is given."""

    weights: Float[np.ndarray, "head query key"]  # 0 where a pair is not allowed
    sides: Sides
    allowed: Bool[np.ndarray, "#head query key"] | None = None  # None: every pair
    # ‖v‖ of each key, and ‖v W_O^h‖: None where a trace holds weights alone
    value_lengths: Float[np.ndarray, "head key"] | None = None
    written_lengths: Float[np.ndarray, "head key"] | None = None
    sink: Float[np.ndarray, "head query"] | None = None  # what a learned one takes of each row
    # what keys receive from all queries, where these are some of them
    received_from_all: Received | None = None

    @cached_property
    def choices(self) -> Int[np.ndarray, "#head query"]:
        """How many keys each query may look at."""
        if self.allowed is None:
            queries, keys = self.weights.shape[1:]
            return np.full((1, queries), keys)
        return np.asarray(self.allowed.sum(axis=-1))

    @cached_property
    def entropies(self) -> Float[np.ndarray, "head query"]:
        """−Σ w ln w of each row, in nats; a learned sink is one more key."""
        entropies = row_entropies(self.weights)
        return entropies if self.sink is None else entropies + row_entropies(self.sink[..., None])

    @cached_property
    def received(self) -> Received:
        """What each key gets from all queries."""
        return self.received_from_all or Received.of(self.weights, self.allowed)

    def mean(
        self,
        of_query: Float[np.ndarray, "head query"],
        counted: Bool[np.ndarray, "#head query"] | None = None,
    ) -> "Measured":
        """The mean over the counted queries, those that may look at something unless said."""
        is_counted = self.choices > 0 if counted is None else counted
        if is_counted.all():
            heads, queries = of_query.shape
            return Measured(of_query.mean(axis=-1, dtype=float), np.full(heads, queries))
        is_counted = np.broadcast_to(is_counted, of_query.shape)
        tokens = is_counted.sum(axis=-1)
        sums = np.where(is_counted, of_query, 0).sum(axis=-1, dtype=float)
        none = np.full(len(tokens), np.nan)
        return Measured(np.divide(sums, tokens, where=tokens > 0, out=none), tokens)

    def share(self, targets: Targets) -> "Measured":
        """The mean weight on the targets, over the queries that may look at one."""
        chosen = self.sides.chosen(targets)
        if self.allowed is None:
            counted = chosen.has_one[None]
        else:
            counted = (chosen.pairs & self.allowed).any(axis=-1)
        return self.mean(chosen.sums(self.weights), counted)


class Measured(NamedTuple):
    """A measure of several heads."""

    values: Float[np.ndarray, " head"]  # NaN where it rests on no token
    tokens: Int[np.ndarray, " head"]  # the queries that each number rests on


@dataclass(frozen=True, slots=True)
class Measure:
    """A named number a head; its name and formula in words are in the catalogue."""

    name: str  # the column of `attnviz.measure`
    compute: Callable[[Attention], Measured]
    unit: Unit
    source: str  # the paper that it is from, and where in it
    largest: Callable[[int], float]  # the upper end of the range at n tokens; the lower is 0
    targets: Targets | None = None  # of a share: the pairs that it counts
    is_of_keys: bool = False  # of what keys receive, and no mean over queries
    is_of_lengths: bool = False  # of how long v or f(x) is

    def title(self, language: Language) -> str:
        """Its name as people read it."""
        return say(f"measure.{self.name}", language)

    def formula(self, language: Language) -> str:
        """How it is computed, and over which tokens."""
        return say(f"measure.{self.name}_formula", language)

    def unit_name(self, language: Language) -> str:
        """What it is counted in."""
        return say(f"measure.unit_{self.unit}", language)


def row_entropies(
    weights: Float[np.ndarray, "*head query key"],
) -> Float[np.ndarray, "*head query"]:
    """−Σ w ln w of each row, in nats."""
    logs = np.maximum(weights, np.finfo(weights.dtype).tiny)  # makes 0 · log 0 a 0
    np.log(logs, out=logs)
    entropies: np.ndarray = np.maximum(0, -np.vecdot(weights, logs))
    return entropies


def share_of(name: str, targets: Targets, source: str) -> Measure:
    """The measure that is the share of attention on some targets."""

    def compute(attention: Attention) -> Measured:
        return attention.share(targets)

    return Measure(name, compute, "share", source, share, targets)


@cache
def measures() -> tuple[Measure, ...]:
    """All measures, by name."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return tuple(sorted((module.MEASURE for module in modules), key=lambda m: m.name))


def share(_: int) -> float:
    """The upper end of a share."""
    return 1.0


def of_lengths(name: str, compute: Callable[[Attention], Measured], source: str) -> Measure:
    """The measure that is a mean length: of any size, and only where a trace holds vectors."""
    return Measure(name, compute, "length", source, largest=lambda _: math.inf, is_of_lengths=True)


def weighted(attention: Attention, lengths: Float[np.ndarray, "head key"] | None) -> Measured:
    """The mean over queries of Σ weight · length; nothing where there are no lengths."""
    if lengths is None:
        nobody = np.zeros((1, attention.weights.shape[1]), bool)
        return attention.mean(attention.weights[..., 0], nobody)
    return attention.mean((attention.weights @ lengths[..., None])[..., 0])
