"""The two heads of the note's seventh figure: one draws it, one looks otherwise."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.difference import jensen_shannon
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.pictures.shown import Source

UPPER = HeadId(2, 1)  # draws the note's green picture of the note's sentence
WORDS_ONLY = Lens(hide_special=True, renormalise=True)


def upper_head(trace: Trace) -> HeadId:
    """The head that draws the note's green picture; the first of a model that has none such."""
    return UPPER if UPPER in trace.heads else trace.heads[0]


def lower_head(trace: Trace) -> HeadId:
    """The head that differs most from the upper one; the next where no rows are shares."""
    upper = upper_head(trace)
    others = [head for head in trace.heads if head.kind == upper.kind and head != upper]
    if others and all(token.is_special for token in trace.tokens):
        return others[0]
    try:
        divergences = [divergence_between_words(trace, upper, head) for head in others]
    except AttnvizError:
        return others[0]
    return others[int(np.argmax(divergences))] if others else upper


def divergence_between_words(trace: Trace, a: HeadId, b: HeadId) -> float:
    """Jensen–Shannon divergence of two heads between words, mean over queries, in bits.

    Raises:
        CaptureError: if rows are no distributions.
    """
    return jensen_shannon(_words(trace, a), _words(trace, b))


def _words(trace: Trace, head: HeadId) -> Float[np.ndarray, "query key"]:
    """A head's weights between words, each row divided by what is left of it."""
    return Source(trace, (head,), WORDS_ONLY).attention_map().values
