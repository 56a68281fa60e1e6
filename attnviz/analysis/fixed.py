"""Is a head's pattern fixed by offset, as a convolution's filter is, or does it vary?"""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.allowed import looking, mean_where, pairs_allowed
from attnviz.analysis.distribution import check_distribution


def variation(
    weights: Float[np.ndarray, "head query key"],
    allowed: Bool[np.ndarray, "#head query key"] | None = None,
) -> Float[np.ndarray, " head"]:
    """The share of a query's attention that lies elsewhere than the head's mean pattern says.

    The mean pattern is the mean weight at each offset key − query, over the queries that may
    look at such a key; for each query it is cut to the keys that it may look at and brought to
    a sum of 1. Mean over queries of the total variation ½ Σ |weight − pattern|. 0: the same
    pattern at every query, as a filter's. 1: nothing in common with it.

    Raises:
        CaptureError: if rows are no distributions.
    """
    may = pairs_allowed(weights, allowed)
    check_distribution(weights[may.any(axis=-1)])
    tokens = weights.shape[-1]
    place = np.arange(tokens)
    slot = place - place[:, None] + tokens - 1  # offset from the smallest, 1 − tokens
    patterns = [  # of each head "query key"
        (
            np.bincount(slot[counted], head[counted], 2 * tokens - 1)
            / np.maximum(np.bincount(slot[counted], minlength=2 * tokens - 1), 1)
        )[slot]
        for head, counted in zip(weights, may, strict=True)
    ]
    pattern = np.where(may, np.stack(patterns), 0)
    sums = pattern.sum(axis=-1, keepdims=True)
    pattern /= np.where(sums == 0, 1, sums)
    apart = np.abs(weights - pattern).sum(axis=-1) / 2  # "head query"
    return mean_where(apart, looking(allowed), axis=-1)
