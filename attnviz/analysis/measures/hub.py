"""The share of attention that the favourite word of a head receives."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.measures import Allowed, Measure, share
from attnviz.analysis.received import widely_received
from attnviz.core.tokens import Token


def on_hub(
    weights: Float[np.ndarray, "head query key"],
    tokens: Sequence[Token],
    allowed: Allowed = None,
) -> Float[np.ndarray, " head"]:
    """The largest mean weight that one token receives, special tokens left aside.

    Only tokens that half of all queries may look at; 0 where all of these are special.
    """
    content = np.array([not token.is_special for token in tokens])
    largest: np.ndarray = widely_received(weights, allowed)[:, content].max(axis=-1, initial=0)
    return largest


MEASURE = Measure("hub", on_hub, largest=share)
