"""Which head looks where: the share of each head's attention on each true target."""

import numpy as np
from jaxtyping import Float, Int


def on_target(
    weights: Float[np.ndarray, "*layer head query key"], targets: Int[np.ndarray, "look query"]
) -> Float[np.ndarray, "*layer head look"]:
    """The mean weight on the target, over the queries that have one.

    1: every query gives all its attention to its target. A target below 0 is none; a look
    without any target is 0.
    """
    has_target = targets >= 0
    keys = np.maximum(targets, 0)
    queries = np.arange(targets.shape[1])
    given = weights[..., queries, keys] * has_target  # "*layer head look query"
    counted = np.maximum(has_target.sum(axis=-1), 1)
    shares: np.ndarray = given.sum(axis=-1) / counted
    return shares
