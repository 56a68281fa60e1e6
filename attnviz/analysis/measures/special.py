"""The share of attention that goes to special tokens."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.measures import Measure
from attnviz.analysis.measures import share as largest_share
from attnviz.analysis.received import received
from attnviz.core.trace import Token


def on_special(
    weights: Float[np.ndarray, "head query key"], tokens: Sequence[Token]
) -> Float[np.ndarray, " head"]:
    """The mean over queries of the weight on special tokens together ([CLS], [SEP]).

    Often more than half: Clark et al. 2019, §3.2.
    """
    special = np.array([token.is_special for token in tokens])
    share: np.ndarray = received(weights)[:, special].sum(axis=-1)
    return share


MEASURE = Measure("special", on_special, largest=largest_share)
