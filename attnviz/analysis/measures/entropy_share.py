"""How widely a head spreads its attention, as a share of what is possible."""

import numpy as np

from attnviz.analysis.measures import Attention, Measure, Measured, share


def entropy_share(attention: Attention) -> Measured:
    """The mean of −Σ w ln w ÷ ln m, over the queries that may look at m = 2 keys or more.

    0: each token looks at one token. 1: evenly at all that it may look at, a learned sink, if
    there is one, among them.
    """
    choices = attention.choices if attention.sink is None else attention.choices + 1
    has_choice = (choices > 1) & (attention.choices > 0)
    widest = np.log(np.where(has_choice, choices, 2))
    return attention.mean(attention.entropies / widest, has_choice)


MEASURE = Measure(
    "entropy_share",
    entropy_share,
    unit="share",
    source="Clark et al. 2019, §3.3, divided by the entropy of a uniform spread",
    largest=share,
)
