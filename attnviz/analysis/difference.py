"""How different two heads are: the Jensen–Shannon divergence of their rows.

Lin 1991, "Divergence measures based on the Shannon entropy". In bits: 0 for two heads
that look alike, 1 for two that never look at the same token.
Nothing here has a meaning for rows that are no distributions, so those are refused.
"""

from itertools import combinations
from math import ceil

import numpy as np
from jaxtyping import Float

from attnviz.analysis.distribution import check_distribution, whole_rows, with_sink
from attnviz.core.heads import AnyHead, HeadId
from attnviz.core.tiles import EVERY, blocks
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError

MOST_COMPARED = 2**26  # weights of all heads: 512 tokens of 256 heads, 965 of 72


def _plogp(p: Float[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes"]:
    terms: np.ndarray = p * np.log2(p, where=p > 0, out=np.zeros_like(p))
    return terms


def jensen_shannon(
    one: Float[np.ndarray, "query key"], other: Float[np.ndarray, "query key"]
) -> float:
    """The mean over queries of the Jensen–Shannon divergence of two heads' rows, in bits.

    Raises:
        CaptureError: if rows are no distributions.
    """
    for weights in (one, other):
        check_distribution(weights)
    return _divergence(one, other)


def row_divergences(
    one: Float[np.ndarray, "query key"], other: Float[np.ndarray, "query key"]
) -> Float[np.ndarray, " query"]:
    """The Jensen–Shannon divergence of two heads' rows, query by query, in bits.

    Raises:
        CaptureError: if rows are no distributions.
    """
    for weights in (one, other):
        check_distribution(weights)
    divergences: np.ndarray = np.maximum(0, _rows(one, other))
    return divergences


def _divergence(
    one: Float[np.ndarray, "query key"], other: Float[np.ndarray, "query key"]
) -> float:
    return float(_rows(one, other).mean())


def _rows(
    one: Float[np.ndarray, "query key"], other: Float[np.ndarray, "query key"]
) -> Float[np.ndarray, " query"]:
    middle = (one + other) / 2
    divergence: np.ndarray = (_plogp(one) + _plogp(other)).sum(-1) / 2 - _plogp(middle).sum(-1)
    return divergence


def overlaps(weights: Float[np.ndarray, "head query key"]) -> Float[np.ndarray, "head head"]:
    """The mean over queries of Σ √(p q), for every pair of heads. 1: alike, 0: disjoint.

    The Bhattacharyya coefficient; 1 minus it is the squared Hellinger distance.

    Raises:
        CaptureError: if rows are no distributions.
    """
    check_distribution(weights)
    roots = np.sqrt(weights).transpose(1, 0, 2)  # "query head key"
    mean: np.ndarray = np.matmul(roots, roots.transpose(0, 2, 1)).mean(axis=0)  # "head head"
    return mean


def most_different_beside(trace: Trace, head: AnyHead) -> HeadId:
    """The head of the same layer that differs most from `head`; itself in a layer of one.

    Raises:
        CaptureError: if rows are no distributions.
        InterventionError: if the model has no such head.
    """
    of = trace.check_head(head)
    weights = whole_rows(trace, of.layer, kind=of.kind)
    check_distribution(weights)
    apart = [_divergence(weights[of.head], other) for other in weights]
    return HeadId(of.layer, int(np.argmax(apart)), of.kind)


def check_one_kind(trace: Trace, a: AnyHead, b: AnyHead) -> tuple[HeadId, HeadId]:
    """Two heads of one kind of attention.

    Raises:
        ArgumentError: if these are no heads, or not of one kind.
        InterventionError: if the model has no such head.
    """
    one, other = trace.check_head(a), trace.check_head(b)
    if one.kind != other.kind:
        raise ArgumentError("two_kinds", a=str(one), b=str(other))
    return one, other


def queries_compared(trace: Trace) -> slice:
    """The queries by which all heads are compared: all, or of a long text every k-th."""
    pairs = len(trace.query_tokens()) * len(trace.key_tokens())
    return slice(None, None, ceil(len(trace.heads) * pairs / MOST_COMPARED))


def all_rows(trace: Trace, queries: slice = EVERY) -> Float[np.ndarray, "all_heads query key"]:
    """The rows of every head of every layer as distributions, of all queries or some."""
    layers = range(trace.model.layers)
    return np.concatenate([whole_rows(trace, layer, queries) for layer in layers])


def pair_divergence(trace: Trace, a: AnyHead, b: AnyHead) -> float:
    """The mean over queries of the Jensen–Shannon divergence of two heads' rows, in bits.

    Raises:
        ArgumentError: if they are not of one kind of attention.
        CaptureError: if rows are no distributions.
        InterventionError: if the model has no such head.
    """
    one, other = check_one_kind(trace, a, b)
    queries, keys = len(trace.query_tokens(one.kind)), len(trace.key_tokens(one.kind))
    total = 0.0
    for part in blocks(queries, keys):
        rows = [with_sink(trace, trace.weights(head, part)) for head in (one, other)]
        total += jensen_shannon(*rows) * (part.stop - part.start)
    return total / queries


def most_different(trace: Trace) -> tuple[HeadId, HeadId, float]:
    """The two heads with the largest Jensen–Shannon divergence, and that divergence.

    Of a long text by some of the queries, evenly apart (see `queries_compared`), and then
    without computing it for all pairs: for every row, JS ≤ √(1 − overlap²) in bits
    (Lin 1991, theorem 3, with total variation ≤ √(1 − overlap²)), and the bound holds for
    means over rows because it is concave. Pairs are tried in the order of their bound,
    until no bound exceeds the best found.

    A model with a single head gives that head twice, and 0.

    Raises:
        CaptureError: if rows are no distributions.
    """
    heads, queries = trace.heads, queries_compared(trace)
    weights = all_rows(trace, queries)
    if len(heads) == 1:
        check_distribution(weights)
        return heads[0], heads[0], 0.0
    overlap = overlaps(weights)
    bound = np.sqrt(np.maximum(0.0, 1 - overlap**2)) + 1e-5  # float32 in the overlaps
    best, found = -1.0, (0, 1)
    for pair in sorted(combinations(range(len(heads)), 2), key=lambda p: -bound[p]):
        if bound[pair] <= best:
            break
        divergence = _divergence(weights[pair[0]], weights[pair[1]])
        if divergence > best:
            best, found = divergence, pair
    return heads[found[0]], heads[found[1]], best
