"""How widely a head spreads its attention, in nats."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.analysis.allowed import looking, mean_where
from attnviz.analysis.measures import Allowed, Measure
from attnviz.core.tokens import Token


def entropy(
    weights: Float[np.ndarray, "head query key"],
    _: Sequence[Token],
    allowed: Allowed = None,
) -> Float[np.ndarray, " head"]:
    """The mean over queries that may look of −Σ w ln w, in nats.

    0: each token looks at one token. ln n: evenly at all n. Clark et al. 2019, §3.3.
    """
    logs = np.log(weights, where=weights > 0, out=np.zeros_like(weights))
    return mean_where(-(weights * logs).sum(axis=-1), looking(allowed), axis=-1)


MEASURE = Measure("entropy", entropy, largest=lambda tokens: float(np.log(tokens)))
