"""A pair of sentences: how much of a head's attention stays in each, and how much crosses."""

from functools import partial

import numpy as np

from attnviz.analysis.derived import check_trace
from attnviz.analysis.frame import Table
from attnviz.analysis.measure import named, shares_on
from attnviz.analysis.targets import Pairs, Sides, Targets
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError

_NAMES = ("a", "b", "special")


def between_sentences(trace: Trace) -> Table:
    """One row a head: a_to_a, a_to_b, a_to_special, b_to_a, b_to_b, b_to_special.

    The share of the attention of the words of a sentence, mean over those that may look there,
    on the words of a sentence or on special tokens; the three of a sentence sum to 1. Special
    tokens look from no sentence.

    Raises:
        CaptureError: if there is no second sentence, or rows are no distributions.
    """
    import pandas as pd

    check_trace(trace)
    if trace.pair is None or trace.check_kind("self") not in ("self", "encoder"):
        raise CaptureError("no_pair")
    asked = {f"{a}_to_{b}": _between(a, b) for a in _NAMES[:2] for b in _NAMES}
    shares = zip(asked, shares_on(trace, asked.values()), strict=True)
    columns = {name: np.concatenate([one.values for one in layers]) for name, layers in shares}
    table = pd.DataFrame(columns)
    return named(table, trace)


def _between(one: str, other: str) -> Targets:
    return partial(_pairs, one, other)


def _pairs(one: str, other: str, sides: Sides) -> Pairs:
    queries = np.array([_sentence(token) == one for token in sides.queries], bool)
    return np.asarray(queries[:, None] & sides.keys_that(_IS_OF[other]))


def _is_of(name: str, token: Token) -> bool:
    return _sentence(token) == name


_IS_OF = {name: partial(_is_of, name) for name in _NAMES}


def _sentence(token: Token) -> str:
    return "special" if token.is_special else _NAMES[token.segment]
