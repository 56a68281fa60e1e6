"""How sure a head is: its largest weight."""

from attnviz.analysis.measures import Attention, Measure, Measured, share
from attnviz.core.weights import row_maxima


def sharpness(attention: Attention) -> Measured:
    """The mean over queries that may look of the largest weight of the row."""
    return attention.mean(row_maxima(attention.weights))


MEASURE = Measure(
    "sharpness",
    sharpness,
    unit="share",
    source="Voita et al. 2019, §4 (confidence; there without the end of the sentence)",
    largest=share,
)
