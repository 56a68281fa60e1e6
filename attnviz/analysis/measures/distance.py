"""How far a head looks, in tokens."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.allowed import looking, mean_where
from attnviz.analysis.measures import Allowed, Measure
from attnviz.core.tokens import Token


def distance(
    weights: Float[np.ndarray, "head query key"],
    _: Sequence[Token],
    allowed: Allowed = None,
) -> Float[np.ndarray, " head"]:
    """The mean of |query − key|, weighted by attention, over all queries that may look.

    0: every token looks at itself. Clark et al. 2019, §3.1.
    """
    position = np.arange(weights.shape[-1], dtype=weights.dtype)
    far = np.abs(position[:, None] - position[None, :])
    return mean_where((weights * far).sum(axis=-1), looking(allowed), axis=-1)


MEASURE = Measure("distance", distance, largest=lambda tokens: float(max(tokens - 1, 1)))
