"""The share of attention that the favourite word of a head receives."""

import numpy as np

from attnviz.analysis.measures import Attention, Measure, Measured, share
from attnviz.analysis.received import ENOUGH, received


def on_hub(attention: Attention) -> Measured:
    """The largest mean weight that one token receives, special tokens left aside.

    Only tokens that half of all queries may look at; it rests on the queries that may look at
    the favourite.
    """
    weights, allowed = attention.weights, attention.allowed
    heads, queries, keys = weights.shape
    looking = np.full((1, keys), queries) if allowed is None else allowed.sum(axis=-2)
    content = np.array([not token.is_special for token in attention.sides.keys])
    chosen = np.broadcast_to(content & (looking >= ENOUGH * queries), (heads, keys))
    got = np.where(chosen, received(weights, allowed), -1.0)
    best = got.argmax(axis=-1)
    has = chosen.any(axis=-1)
    tokens = np.broadcast_to(looking, (heads, keys))[np.arange(heads), best]
    return Measured(np.where(has, got.max(axis=-1), np.nan), np.where(has, tokens, 0))


MEASURE = Measure(
    "hub",
    on_hub,
    unit="share",
    source="Kovaleva et al. 2019, §4.1 (the vertical pattern)",
    largest=share,
)
