"""How far a head looks, in tokens."""

import numpy as np

from attnviz.analysis.measures import Attention, Measure, Measured


def distance(attention: Attention) -> Measured:
    """The mean of |query − key|, weighted by attention, over all queries that may look.

    0: every token looks at itself. Nothing between two different texts. What a learned sink takes
    is no part of it.
    """
    weights = attention.weights
    if not attention.sides.queries_are_keys:
        nobody = np.zeros((1, weights.shape[1]), bool)
        return attention.mean(weights[..., 0], nobody)
    query, key = (np.arange(size, dtype=weights.dtype) for size in weights.shape[-2:])
    far = np.abs(query[:, None] + attention.sides.first - key)  # "query key"
    distances = np.vecdot(weights, far)  # "head query"
    if attention.sink is None:
        return attention.mean(distances)
    looking = weights.sum(axis=-1)  # "head query"
    has = looking > 0
    return attention.mean(np.divide(distances, looking, where=has, out=distances), has)


MEASURE = Measure(
    "distance",
    distance,
    unit="tokens",
    source="Vig & Belinkov 2019, attention distance",
    largest=lambda tokens: float(max(tokens - 1, 1)),
)
