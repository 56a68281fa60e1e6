"""On target: the share of each head's attention on each true target."""

import numpy as np
from jaxtyping import Float, Int


def on_target(
    weights: Float[np.ndarray, "*layer head query key"], targets: Int[np.ndarray, "target query"]
) -> Float[np.ndarray, "*layer head target"]:
    """The mean weight on the target, over the queries that have one.

    1: every query gives all its attention to its target. A target below 0 is none; where
    no query has one the share is 0.
    """
    has_target = targets >= 0
    keys = np.maximum(targets, 0)
    queries = np.arange(targets.shape[1])
    on_keys = weights[..., queries, keys] * has_target  # "*layer head target query"
    counted = np.maximum(has_target.sum(axis=-1), 1)
    shares: np.ndarray = on_keys.sum(axis=-1) / counted
    return shares
