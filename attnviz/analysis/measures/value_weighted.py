"""How much a head takes up: its weights times the lengths of the values."""

import math

from attnviz.analysis.measures import Attention, Measure, Measured, weighted


def value_weighted(attention: Attention) -> Measured:
    """The mean over queries of Σ α ‖v‖, with v = x W_V + b_V of the head."""
    return weighted(attention, attention.value_lengths)


MEASURE = Measure(
    "value_weighted",
    value_weighted,
    unit="length",
    source="Kobayashi et al. 2020, §3, before W_O",
    largest=lambda _: math.inf,
    is_of_lengths=True,
)
