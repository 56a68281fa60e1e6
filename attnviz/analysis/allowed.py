"""Which pairs a trace allows, and means that pass over those it does not."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.core.trace import Trace


def allowed_in_layer(trace: Trace, layer: int) -> Bool[np.ndarray, "head query key"] | None:
    """The pairs that each head of a layer may look at; None: all."""
    return trace.weighted(layer).may_look(slice(None))


def pairs_allowed(
    weights: Float[np.ndarray, "*head query key"],
    allowed: Bool[np.ndarray, "*#head query key"] | None,
) -> Bool[np.ndarray, "*head query key"]:
    """Whether each weight is of a pair that is allowed; all are where `allowed` is None."""
    return np.broadcast_to(True if allowed is None else allowed, weights.shape)


def looking(
    allowed: Bool[np.ndarray, "#head query key"] | None,
) -> Bool[np.ndarray, "#head query"] | None:
    """The queries that may look at one of these keys at least; None: all."""
    return None if allowed is None else np.asarray(allowed.any(axis=-1))


def mean_where(
    values: Float[np.ndarray, "head *cells"],
    allowed: Bool[np.ndarray, "#head *cells"] | None,
    axis: int,
) -> Float[np.ndarray, "head *left"]:
    """The mean over one axis of what is allowed; 0 where nothing is."""
    if allowed is None:
        mean: np.ndarray = values.mean(axis=axis)
        return mean
    may = np.broadcast_to(allowed, values.shape)
    sums = np.where(may, values, 0).sum(axis=axis)
    means: np.ndarray = sums / np.maximum(may.sum(axis=axis), 1).astype(values.dtype)
    return means
