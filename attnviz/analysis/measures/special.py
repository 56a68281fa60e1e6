"""The share of attention that goes to special tokens."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.allowed import looking, mean_where
from attnviz.analysis.measures import Allowed, Measure
from attnviz.analysis.measures import share as largest_share
from attnviz.core.tokens import Token


def on_special(
    weights: Float[np.ndarray, "head query key"],
    tokens: Sequence[Token],
    allowed: Allowed = None,
) -> Float[np.ndarray, " head"]:
    """The mean over queries of the weight on special tokens together ([CLS], [SEP]).

    Only queries that may look at one.
    Often more than half: Clark et al. 2019, §3.2.
    """
    special = np.array([token.is_special for token in tokens])
    may = looking(None if allowed is None else allowed[..., special])
    return mean_where(weights[..., special].sum(axis=-1), may, axis=-1)


MEASURE = Measure("special", on_special, largest=largest_share)
