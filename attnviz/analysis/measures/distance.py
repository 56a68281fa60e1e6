"""How far a head looks, in tokens."""

import numpy as np

from attnviz.analysis.measures import Attention, Measure, Measured


def distance(attention: Attention) -> Measured:
    """The mean of |query − key|, weighted by attention, over all queries that may look.

    0: every token looks at itself. Nothing between two different texts.
    """
    weights = attention.weights
    if not attention.sides.queries_are_keys:
        nobody = np.zeros((1, weights.shape[1]), bool)
        return attention.mean(weights[..., 0], nobody)
    position = np.arange(weights.shape[-1], dtype=weights.dtype)
    far = np.abs(position[:, None] - position[None, :])
    return attention.mean(np.vecdot(weights, far))


MEASURE = Measure(
    "distance",
    distance,
    unit="tokens",
    source="Vig & Belinkov 2019, attention distance",
    largest=lambda tokens: float(max(tokens - 1, 1)),
)
