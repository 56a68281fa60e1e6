"""Attention to a fixed offset: the diagonals of the weights."""

import numpy as np
from jaxtyping import Float


def at_offset(
    weights: Float[np.ndarray, "head query key"], offset: int
) -> Float[np.ndarray, " head"]:
    """The mean weight on key = query + offset, over the queries that have such a key.

    0 where no query has one (a single token has no previous).
    """
    diagonal = np.diagonal(weights, offset, axis1=-2, axis2=-1)
    return diagonal.mean(axis=-1) if diagonal.shape[-1] else np.zeros(len(weights), weights.dtype)
