"""Several heads as one picture: their mean, or their maximum."""

from collections.abc import Iterable
from typing import Literal

import numpy as np
from jaxtyping import Float

Combination = Literal["mean", "maximum"]


def combined(
    heads: Iterable[Float[np.ndarray, "query key"]], how: Combination
) -> Float[np.ndarray, "query key"]:
    """Cell by cell, the mean or the maximum of the weights of each head.

    Of weights from 0 to 1 both are from 0 to 1. Rows of a mean sum to 1 where those of the
    heads do; rows of a maximum then sum to 1 or more.
    """
    each = iter(heads)
    total, count = next(each), 1
    for weights in each:
        total = total + weights if how == "mean" else np.maximum(total, weights)
        count += 1
    return total / np.float32(count) if how == "mean" else total
