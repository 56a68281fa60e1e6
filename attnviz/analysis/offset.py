"""Attention to a fixed offset: the diagonals of the weights."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.allowed import mean_where


def at_offset(
    weights: Float[np.ndarray, "head query key"],
    offset: int,
    allowed: Bool[np.ndarray, "#head query key"] | None = None,
) -> Float[np.ndarray, " head"]:
    """The mean weight on key = query + offset, over the queries that may look at one.

    0 where no query may (a single token has no previous).
    """
    diagonal = np.diagonal(weights, offset, axis1=-2, axis2=-1)
    if not diagonal.shape[-1]:
        return np.zeros(len(weights), weights.dtype)
    may = None if allowed is None else np.diagonal(allowed, offset, axis1=-2, axis2=-1)
    return mean_where(diagonal, may, axis=-1)
