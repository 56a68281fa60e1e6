"""Attention received: what each key gets, averaged over the queries."""

import numpy as np
from jaxtyping import Float


def received(weights: Float[np.ndarray, "*head query key"]) -> Float[np.ndarray, "*head key"]:
    """The mean weight on each key, over all queries. Sums to 1 over keys."""
    share: np.ndarray = weights.mean(axis=-2)
    return share
