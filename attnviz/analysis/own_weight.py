"""How much a query gives to its own key, beside the others that it may look at."""

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.analysis.allowed import pairs_allowed


def self_wins(
    weights: Float[np.ndarray, "*head query key"],
    apart: Int[np.ndarray, "query key"],
    allowed: Bool[np.ndarray, "*#head query key"] | None = None,
) -> Float[np.ndarray, "*head"]:
    """The share of the queries that give more to themselves than to any other key.

    Over the queries that may look at themselves and at another key; 0 where there is none.
    """
    own = _largest(weights, apart == 0, allowed)
    other = _largest(weights, apart > 0, allowed)
    counted = np.isfinite(own) & np.isfinite(other)
    wins = (counted & (own > other)).sum(axis=-1)
    return np.asarray(wins / np.maximum(counted.sum(axis=-1), 1))


def self_over_others(
    weights: Float[np.ndarray, "*head query key"],
    apart: Int[np.ndarray, "query key"],
    allowed: Bool[np.ndarray, "*#head query key"] | None = None,
) -> Float[np.ndarray, "*head"]:
    """The share of the pairs of a query and another key in which the query gives itself more.

    Over the allowed pairs of queries that may look at themselves; 0 where there is none.
    """
    own = _largest(weights, apart == 0, allowed)[..., None]  # "*head query 1"
    counted = pairs_allowed(weights, allowed) & (apart > 0) & np.isfinite(own)
    wins = (counted & (own > weights)).sum(axis=(-2, -1))  # "*head"
    return np.asarray(wins / np.maximum(counted.sum(axis=(-2, -1)), 1))


def own_part(lengths: Float[np.ndarray, "token token"], words: Int[np.ndarray, " word"]) -> float:
    """The mean share of a word's own part in its z, from the length of each token's part."""
    return float((lengths.diagonal() / lengths.sum(axis=1))[words].mean())


def _largest(
    weights: Float[np.ndarray, "*head query key"],
    pairs: Bool[np.ndarray, "query key"],
    allowed: Bool[np.ndarray, "*#head query key"] | None,
) -> Float[np.ndarray, "*head query"]:
    """The largest weight of each query among some pairs; −∞ where none is allowed."""
    counted = pairs_allowed(weights, allowed) & pairs
    return np.asarray(np.where(counted, weights, -np.inf).max(axis=-1))
