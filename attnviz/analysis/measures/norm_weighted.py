"""How much a head writes: its weights times the lengths of what it writes."""

from attnviz.analysis.measures import Attention, Measured, of_lengths, weighted


def norm_weighted(attention: Attention) -> Measured:
    """The mean over queries of Σ ‖α f(x)‖, with f(x) = (x W_V + b_V) W_O of the head."""
    return weighted(attention, attention.written_lengths)


MEASURE = of_lengths("norm_weighted", norm_weighted, "Kobayashi et al. 2020, §3")
