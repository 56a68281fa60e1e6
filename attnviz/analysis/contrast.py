"""Two heads that differ in kind: one that looks by position, and one that looks by content."""

from typing import NamedTuple

import numpy as np

from attnviz.analysis.derived import check_trace
from attnviz.analysis.difference import most_different, pair_divergence
from attnviz.analysis.frame import Table
from attnviz.analysis.measure import measure
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.models.progress import Progress

POSITION = ("previous", "next", "self", "first")
_BESIDE = ("previous", "next", "self")
CONTENT = ("same_word", "hub")
ELSEWHERE = ("elsewhere",)
_EVIDENCE = (*POSITION, *CONTENT, *ELSEWHERE)
MOSTLY = 0.5  # of the attention: a head of a kind (Clark et al. 2019 call one by this)
OFTEN = 0.25  # what one word among many must get to be what a head looks for
LEAST_TOKENS = 2  # on which the evidence must rest


class Reason(NamedTuple):
    """A head, and the measure that says what it looks at."""

    head: HeadId
    measure: str  # its name; "" where the two are only the most different
    share: float  # that measure of that head; NaN without one
    tokens: int  # the queries that it rests on


class Contrast(NamedTuple):
    """Two heads, why these, and how far apart they are."""

    a: Reason
    b: Reason
    divergence: float  # Jensen–Shannon, mean over queries, in bits
    in_kind: bool  # A looks by position and B by content; else they are the most different two


def contrast(trace: Trace, *, progress: Progress | None = None) -> Contrast:
    """The two heads that differ most in kind: A looks by position, B by content.

    A has the largest share of attention on the previous, the next, its own or the first token,
    more than half. B has the largest on the same word elsewhere or on one hub, more than a
    quarter; where no head has, the largest on ordinary tokens that do not stand beside the
    query, more than half. B gives each of its neighbours and itself less. Where there are no
    such two, the pair with the largest divergence. Of equal ones the first in the order of
    layers. `progress` is told how far the measures are.

    Raises:
        CaptureError: if rows of given weights are no distributions.
    """
    check_trace(trace)
    table = measure(trace, tokens=True, only=_EVIDENCE, progress=progress)
    if "kind" in table:  # queries and keys of two kinds are not the same tokens
        table = table[table["kind"] == table["kind"].iloc[0]]
    a = _best(table, POSITION, MOSTLY)
    if a is not None:
        others = table.drop(index=a[0])
        b = _best(others, CONTENT, OFTEN) or _best(others, ELSEWHERE, MOSTLY)
        if b is not None:
            return _pair(trace, a, b, table)
    return _most_different(trace)


def _most_different(trace: Trace) -> Contrast:
    one, other, divergence = most_different(trace)
    plain = [Reason(head, "", float("nan"), 0) for head in (one, other)]
    return Contrast(plain[0], plain[1], divergence, in_kind=False)


def _best(table: Table, names: tuple[str, ...], more_than: float) -> tuple[int, str] | None:
    """The row and the measure with the largest share, if one is large enough."""
    shares = table[list(names)].to_numpy(copy=True)
    shares[table[[f"{name}_tokens" for name in names]].to_numpy() < LEAST_TOKENS] = np.nan
    if names != POSITION:
        shares[shares <= table[list(_BESIDE)].max(axis=1).to_numpy()[:, None]] = np.nan
    shares = np.nan_to_num(shares, nan=-1.0)
    if not shares.size or shares.max() <= more_than:
        return None
    row, column = divmod(int(shares.argmax()), len(names))
    return int(table.index.to_numpy()[row]), names[column]


def _pair(trace: Trace, a: tuple[int, str], b: tuple[int, str], table: Table) -> Contrast:
    one, other = (
        Reason(trace.heads[row], name, float(table[name][row]), int(table[f"{name}_tokens"][row]))
        for row, name in (a, b)
    )
    return Contrast(one, other, pair_divergence(trace, one.head, other.head), in_kind=True)
