"""The share of attention that goes to itself."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.measures import Allowed, Measure, share
from attnviz.analysis.offset import at_offset
from attnviz.core.tokens import Token


def on_self(
    weights: Float[np.ndarray, "head query key"],
    _: Sequence[Token],
    allowed: Allowed = None,
) -> Float[np.ndarray, " head"]:
    """The mean weight that a token gives to itself, over the tokens that may look at one."""
    return at_offset(weights, 0, allowed)


MEASURE = Measure("self", on_self, largest=share)
