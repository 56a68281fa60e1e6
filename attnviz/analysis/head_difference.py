"""One head against another: where A looks more, and where B."""

import numpy as np

from attnviz.analysis.derived import check_map, check_trace, derived_map
from attnviz.analysis.difference import check_one_kind, row_divergences
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace


def difference(trace: Trace, a: AnyHead, b: AnyHead) -> AttentionMap:
    """The weights of head A minus those of head B: above 0 where A looks more.

    The map's `divergence` is the Jensen–Shannon divergence of the two rows of each query, in
    bits: 0 where they look alike, 1 where at no common token.

    Raises:
        ArgumentError: if these are no heads, or not of one kind of attention.
        CaptureError: if rows of given weights are no distributions, or the map is too large.
        InterventionError: if the model has no such head.
    """
    check_trace(trace)
    one, other = check_one_kind(trace, a, b)
    check_map(trace, one.kind)
    weights = trace.weights(one), trace.weights(other)
    allowed = trace.allowed_in([one, other])
    return derived_map(
        trace,
        weights[0] - weights[1],
        "difference",
        {"a": str(one), "b": str(other)},
        kind=one.kind,
        allowed=None if allowed is None else np.array(allowed),
        scale="signed",
        divergence=row_divergences(*weights),
    )
