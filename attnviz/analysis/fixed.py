"""Is a head's pattern fixed by offset, as a convolution's filter is, or does it vary?"""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.distribution import check_distribution


def variation(weights: Float[np.ndarray, "head query key"]) -> Float[np.ndarray, " head"]:
    """The share of a query's attention that lies elsewhere than the head's mean pattern says.

    The mean pattern is the mean weight at each offset key − query, over the queries that have
    such a key; for each query it is cut to the keys there are and brought to a sum of 1. Mean
    over queries of the total variation ½ Σ |weight − pattern|. 0: the same pattern at every
    query, as a filter's. 1: nothing in common with it.

    Raises:
        CaptureError: if rows are no distributions.
    """
    check_distribution(weights)
    tokens = weights.shape[-1]
    place = np.arange(tokens)
    slot = place - place[:, None] + tokens - 1  # offset from the smallest, 1 − tokens
    counted = np.bincount(slot.ravel())
    sums = [np.bincount(slot.ravel(), head.ravel(), len(counted)) for head in weights]
    pattern = (np.stack(sums) / counted)[:, slot]
    pattern /= pattern.sum(axis=-1, keepdims=True)
    share: np.ndarray = np.abs(weights - pattern).sum(axis=-1).mean(axis=-1) / 2
    return share
