"""How much a query gives to its own key, beside the others."""

import numpy as np
from jaxtyping import Float, Int


def self_wins(
    weights: Float[np.ndarray, "*head query key"], apart: Int[np.ndarray, "query key"]
) -> Float[np.ndarray, "*head"]:
    """The share of the queries that give more to themselves than to any other key."""
    own = np.where(apart == 0, weights, -np.inf).max(axis=-1)
    other = np.where(apart == 0, -np.inf, weights).max(axis=-1)
    return np.asarray((own > other).mean(axis=-1))


def self_over_others(
    weights: Float[np.ndarray, "*head query key"], apart: Int[np.ndarray, "query key"]
) -> Float[np.ndarray, "*head"]:
    """The share of the pairs of a query and another key in which the query gives itself more."""
    own = np.where(apart == 0, weights, -np.inf).max(axis=-1, keepdims=True)
    return np.asarray((own > weights)[..., apart > 0].mean(axis=-1))


def own_part(lengths: Float[np.ndarray, "token token"], words: Int[np.ndarray, " word"]) -> float:
    """The mean share of a word's own part in its z, from the length of each token's part."""
    return float((lengths.diagonal() / lengths.sum(axis=1))[words].mean())
