"""Lift: attention divided by what an even spread over the same keys would give.

1: as much as an even spread gives. 2: twice as much. An even spread gives every key that a query
may look at 1 / n, so a weight on its own says little until it is known among how many keys it
was shared.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.analysis.allowed import pairs_allowed


def lift(
    weights: Float[np.ndarray, "*head query key"],
    pairs: Bool[np.ndarray, "query key"],
    allowed: Bool[np.ndarray, "*#head query key"] | None = None,
) -> Float[np.ndarray, "*head"]:
    """The mean of weight × number of the query's keys, over those of `pairs` that are allowed.

    0 where there is no such pair.
    """
    may = pairs_allowed(weights, allowed)
    counted = may & pairs
    lifts = np.where(counted, _lifts(weights, may), 0).sum(axis=(-2, -1))
    return np.asarray(lifts / np.maximum(counted.sum(axis=(-2, -1)), 1))


def distances(
    queries: Int[np.ndarray, " query"], keys: Int[np.ndarray, " key"]
) -> Int[np.ndarray, "query key"]:
    """How many tokens apart each query and key stand, from their positions."""
    apart: np.ndarray = np.abs(queries[:, None] - keys)
    return apart


def lift_by_distance(
    weights: Float[np.ndarray, "head query key"],
    apart: Int[np.ndarray, "query key"],
    allowed: Bool[np.ndarray, "#head query key"] | None = None,
) -> Float[np.ndarray, "head distance"]:
    """The lift of the allowed pairs at each distance from 0. 0 at a distance that none has.

    Clark et al. 2019, §3.1, ask the same of single offsets.
    """
    may = pairs_allowed(weights, allowed)
    places = int(apart.max()) + 1
    curves = [  # of each head " distance"
        np.bincount(apart[counted], head[counted], places)
        / np.maximum(np.bincount(apart[counted], minlength=places), 1)
        for head, counted in zip(_lifts(weights, may), may, strict=True)
    ]
    return np.stack(curves)


def _lifts(
    weights: Float[np.ndarray, "*head query key"], may: Bool[np.ndarray, "*head query key"]
) -> Float[np.ndarray, "*head query key"]:
    """Each weight as so many times what an even spread gives."""
    return np.asarray(weights * may.sum(axis=-1, keepdims=True))
