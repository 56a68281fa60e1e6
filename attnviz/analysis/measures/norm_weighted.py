"""How much a head writes: its weights times the lengths of what it writes."""

import math

from attnviz.analysis.measures import Attention, Measure, Measured, weighted


def norm_weighted(attention: Attention) -> Measured:
    """The mean over queries of Σ ‖α f(x)‖, with f(x) = (x W_V + b_V) W_O of the head."""
    return weighted(attention, attention.written_lengths)


MEASURE = Measure(
    "norm_weighted",
    norm_weighted,
    unit="length",
    source="Kobayashi et al. 2020, §3",
    largest=lambda _: math.inf,
    is_of_lengths=True,
)
