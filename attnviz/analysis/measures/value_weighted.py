"""How much a head takes up: its weights times the lengths of the values."""

from attnviz.analysis.measures import Attention, Measured, of_lengths, weighted


def value_weighted(attention: Attention) -> Measured:
    """The mean over queries of Σ α ‖v‖, with v = x W_V + b_V of the head."""
    return weighted(attention, attention.value_lengths)


MEASURE = of_lengths("value_weighted", value_weighted, "Kobayashi et al. 2020, §3, before W_O")
