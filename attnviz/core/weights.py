"""Attention weights from queries and keys: computed when somebody looks at a head.

Vaswani et al. 2017, §3.2.1, equation 1: softmax(q kᵀ / √d_head + mask).
"""

import numpy as np
from jaxtyping import Float


def attention_scores(
    queries: Float[np.ndarray, "*head query d_head"],
    keys: Float[np.ndarray, "*head key d_head"],
    scaling: float,
    mask: Float[np.ndarray, "#query #key"] | None,
) -> Float[np.ndarray, "*head query key"]:
    """What softmax is given: dot products, scaled, with the mask added."""
    scores: np.ndarray = queries @ np.swapaxes(keys, -1, -2)
    scores *= np.float32(scaling)
    if mask is not None:
        scores += mask
    return scores


def softmax(scores: Float[np.ndarray, "*axes key"]) -> Float[np.ndarray, "*axes key"]:
    """Shares that sum to 1 over the last axis."""
    shares: np.ndarray = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares


def row_sums(weights: Float[np.ndarray, "*axes query key"]) -> tuple[float, float]:
    """The smallest and the largest sum of a row, in double precision."""
    sums = weights.sum(axis=-1, dtype=float)
    return float(sums.min()), float(sums.max())
