"""Attention weights from queries and keys: computed when somebody looks at a head.

Vaswani et al. 2017, §3.2.1, equation 1: softmax(q kᵀ / √d_head + mask).
"""

import numpy as np
from jaxtyping import Float

_FEW = 32  # of which NumPy finds the largest itself as fast


def attention_scores(
    queries: Float[np.ndarray, "*head query d_head"],
    keys: Float[np.ndarray, "*head key d_head"],
    scaling: float,
    softcap: float | None = None,
) -> Float[np.ndarray, "*head query key"]:
    """Dot products, scaled; with a soft cap, kept between −cap and cap (Gemma 2, §2)."""
    scores: np.ndarray = queries @ np.swapaxes(keys, -1, -2)
    scores *= np.float32(scaling)
    if softcap is not None:
        scores = softcap * np.tanh(scores / softcap)
    return scores


def softmax(
    scores: Float[np.ndarray, "*axes key"], sinks: Float[np.ndarray, "*#axes"] | None = None
) -> Float[np.ndarray, "*axes key"]:
    """Shares over the last axis that sum to 1, or to 0 where every score is −∞.

    `sinks` are learned scores of a key that is none (gpt-oss): what it takes is in no share.
    """
    largest = row_maxima(scores)[..., None]  # "*axes 1"
    np.maximum(largest, np.finfo(scores.dtype).min, out=largest)  # of −∞ alone
    if sinks is not None:
        largest = np.maximum(largest, sinks[..., None])
    shares: np.ndarray = scores - largest
    np.exp(shares, out=shares)
    total = shares.sum(axis=-1, keepdims=True)  # "*axes 1"
    if sinks is not None:
        total = total + np.exp(sinks[..., None] - largest)
    total[total == 0] = 1
    shares /= total
    return shares


def row_maxima(values: Float[np.ndarray, "*axes key"]) -> Float[np.ndarray, "*axes"]:
    """The largest value of each row; of long ones by its place, which NumPy finds faster."""
    if values.shape[-1] <= _FEW:
        return np.asarray(values.max(axis=-1))
    places = values.argmax(axis=-1)[..., None]  # "*axes 1"
    return np.take_along_axis(values, places, axis=-1)[..., 0]


def row_sums(weights: Float[np.ndarray, "*axes query key"]) -> tuple[float, float]:
    """The smallest and the largest sum of a row, in double precision."""
    sums = weights.sum(axis=-1, dtype=float)
    return float(sums.min()), float(sums.max())
