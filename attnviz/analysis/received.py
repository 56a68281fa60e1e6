"""Attention received: what each key gets, averaged over the queries that may look at it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.analysis.allowed import mean_where

ENOUGH = 0.5  # of all queries, which may look at a key that can be everybody's favourite


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """What each key gets from all queries, or from the blocks of them so far."""

    sums: Float[np.ndarray, "head key"]
    looking: Int[np.ndarray, "#head key"]  # the queries that may look at it
    queries: int

    @classmethod
    def of(
        cls,
        weights: Float[np.ndarray, "head query key"],
        allowed: Bool[np.ndarray, "#head query key"] | None,
    ) -> "Received":
        """From the weights, which are 0 where nothing is allowed."""
        _, queries, keys = weights.shape
        looking = np.full((1, keys), queries) if allowed is None else allowed.sum(axis=-2)
        return cls(weights.sum(axis=-2), looking, queries)

    def __add__(self, other: "Received") -> "Received":
        return Received(
            self.sums + other.sums, self.looking + other.looking, self.queries + other.queries
        )

    @property
    def mean(self) -> Float[np.ndarray, "head key"]:
        """The mean weight on each key, over the queries that may look at it."""
        means: np.ndarray = self.sums / np.maximum(self.looking, 1).astype(self.sums.dtype)
        return means


def widely_received(
    weights: Float[np.ndarray, "head query key"],
    allowed: Bool[np.ndarray, "#head query key"] | None,
) -> Float[np.ndarray, "head key"]:
    """The mean weight on each key, over the queries that may look at it.

    0 at keys that fewer than half of the queries may look at: a key that only one query may look
    at, such as the last one behind a causal mask, is no favourite of a head.
    """
    got = mean_where(weights, allowed, axis=-2)
    return got if allowed is None else np.where(allowed.mean(axis=-2) >= ENOUGH, got, 0)
