"""Lift: attention divided by what an even spread over the same keys would give.

1: as much as an even spread gives. 2: twice as much. An even spread gives every key 1 / n,
so a weight on its own says little until it is known among how many keys it was shared.
"""

import numpy as np
from jaxtyping import Bool, Float, Int


def lift(
    weights: Float[np.ndarray, "*head query key"], pairs: Bool[np.ndarray, "query key"]
) -> Float[np.ndarray, "*head"]:
    """The mean over `pairs` of weight × number of keys. 0 where there is no pair."""
    chosen = weights[..., pairs] * weights.shape[-1]
    return np.asarray(chosen.sum(axis=-1) / max(1, chosen.shape[-1]))


def distances(
    queries: Int[np.ndarray, " query"], keys: Int[np.ndarray, " key"]
) -> Int[np.ndarray, "query key"]:
    """How many tokens apart each query and key stand, from their positions."""
    apart: np.ndarray = np.abs(queries[:, None] - keys)
    return apart


def lift_by_distance(
    weights: Float[np.ndarray, "head query key"], apart: Int[np.ndarray, "query key"]
) -> Float[np.ndarray, "head distance"]:
    """The lift of the pairs at each distance from 0. 0 at a distance that no pair has.

    Clark et al. 2019, §3.1, ask the same of single offsets.
    """
    counted = np.bincount(apart.ravel())
    sums = [np.bincount(apart.ravel(), head.ravel(), len(counted)) for head in weights]
    curve: np.ndarray = np.stack(sums) * weights.shape[-1] / np.maximum(counted, 1)
    return curve
