"""The share of attention that goes to the token before it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.measures import Allowed, Measure, share
from attnviz.analysis.offset import at_offset
from attnviz.core.tokens import Token


def on_previous(
    weights: Float[np.ndarray, "head query key"],
    _: Sequence[Token],
    allowed: Allowed = None,
) -> Float[np.ndarray, " head"]:
    """The mean weight of a token on the token before it, over the tokens that may look at one."""
    return at_offset(weights, -1, allowed)


MEASURE = Measure("previous", on_previous, largest=share)
