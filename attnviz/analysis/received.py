"""Attention received: what each key gets, averaged over the queries that may look at it."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.allowed import mean_where

ENOUGH = 0.5  # of all queries, which may look at a key that can be everybody's favourite


def received(
    weights: Float[np.ndarray, "head query key"],
    allowed: Bool[np.ndarray, "#head query key"] | None = None,
) -> Float[np.ndarray, "head key"]:
    """The mean weight on each key, over the queries that may look at it; 0 where none may.

    Sums to 1 over keys where every query may look at every key.
    """
    return mean_where(weights, allowed, axis=-2)


def widely_received(
    weights: Float[np.ndarray, "head query key"],
    allowed: Bool[np.ndarray, "#head query key"] | None = None,
) -> Float[np.ndarray, "head key"]:
    """`received`, and 0 at keys that fewer than half of the queries may look at.

    A key that only one query may look at, such as the last one behind a causal mask, is no
    favourite of a head.
    """
    got = received(weights, allowed)
    return got if allowed is None else np.where(allowed.mean(axis=-2) >= ENOUGH, got, 0)
