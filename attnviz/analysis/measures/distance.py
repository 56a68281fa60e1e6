"""How far a head looks, in tokens."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.measures import Measure
from attnviz.core.trace import Token


def distance(
    weights: Float[np.ndarray, "head query key"], _: Sequence[Token]
) -> Float[np.ndarray, " head"]:
    """The mean of |query − key|, weighted by attention, over all queries.

    0: every token looks at itself. Clark et al. 2019, §3.1.
    """
    position = np.arange(weights.shape[-1], dtype=weights.dtype)
    far = np.abs(position[:, None] - position[None, :])
    tokens: np.ndarray = (weights * far).sum(axis=-1).mean(axis=-1)
    return tokens


MEASURE = Measure("distance", distance, largest=lambda tokens: float(max(tokens - 1, 1)))
