"""The share of attention that the favourite word of a head receives."""

import numpy as np

from attnviz.analysis.measures import Attention, Measure, Measured, share
from attnviz.analysis.received import ENOUGH
from attnviz.analysis.targets import is_special


def on_hub(attention: Attention) -> Measured:
    """The largest mean weight that one token receives, special tokens left aside.

    Only tokens that half of all queries may look at; it rests on the queries that may look at
    the favourite.
    """
    received = attention.received
    heads, keys = received.sums.shape
    content = ~attention.sides.keys_that(is_special)
    enough = received.looking >= ENOUGH * received.queries
    counted = np.broadcast_to(content & enough, (heads, keys))
    got = np.where(counted, received.mean, -1.0)  # "head key"
    best = got.argmax(axis=-1)  # " head": a key
    has = counted.any(axis=-1)
    tokens = np.broadcast_to(received.looking, (heads, keys))[np.arange(heads), best]
    return Measured(np.where(has, got.max(axis=-1), np.nan), np.where(has, tokens, 0))


MEASURE = Measure(
    "hub",
    on_hub,
    unit="share",
    source="Kovaleva et al. 2019, §4.1 (the vertical pattern)",
    largest=share,
    is_of_keys=True,
)
