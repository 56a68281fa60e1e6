"""Several heads as one picture: their mean, or their maximum."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float

from attnviz.tracing.record import Trace

Combination = Literal["mean", "maximum"]


def combined(
    trace: Trace, heads: Sequence[tuple[int, int]], how: Combination
) -> Float[np.ndarray, "query key"]:
    """Cell by cell, the mean or the maximum of the weights of `heads`.

    Rows of a mean sum to 1; rows of a maximum sum to 1 or more.
    """
    weights = trace.weights(heads[0])
    for head in heads[1:]:
        other = trace.weights(head)
        weights = weights + other if how == "mean" else np.maximum(weights, other)
    return weights / np.float32(len(heads)) if how == "mean" else weights
