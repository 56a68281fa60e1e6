"""How widely a head spreads its attention, in nats."""

import numpy as np

from attnviz.analysis.measures import Attention, Measure, Measured


def entropy(attention: Attention) -> Measured:
    """The mean over queries that may look of −Σ w ln w, in nats.

    0: each token looks at one token. ln n: evenly at all n that are allowed.
    """
    return attention.mean(attention.entropies)


MEASURE = Measure(
    "entropy",
    entropy,
    unit="nats",
    source="Clark et al. 2019, §3.3",
    largest=lambda tokens: float(np.log(tokens)),
)
