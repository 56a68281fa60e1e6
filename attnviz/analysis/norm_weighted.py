"""The norm-weighted map of a head."""

import numpy as np

from attnviz.analysis.derived import check_map, check_trace, derived_map, special_share
from attnviz.analysis.norms import as_shares, lengths
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError


def norm_weighted(trace: Trace, head: AnyHead) -> AttentionMap:
    """What a query takes from each key: the shares of ‖α f(x)‖ in each row.

    f(x) = (x W_V + b_V) W_O of the head (Kobayashi et al. 2020, §3). The map's `special_share`
    is that of special tokens, its `special_before` that of the weights alone.

    Raises:
        ArgumentError: if this is no head.
        CaptureError: if the trace holds weights alone, or the head is off and writes nothing,
            or the map is too large.
        InterventionError: if the model has no such head.
    """
    check_trace(trace)
    of = trace.check_head(head)
    check_map(trace, of.kind)
    of_key = lengths(trace, of.layer, of.kind).norm[of.head]
    weights, allowed = trace.weights(of), trace.allowed(of)
    shares = as_shares(weights, of_key)
    if not shares.any():
        raise CaptureError("head_writes_nothing", head=str(of))
    return derived_map(
        trace,
        shares,
        "norm",
        {"head": str(of)},
        kind=of.kind,
        allowed=None if allowed is None else np.array(allowed),
        special_before=special_share(trace, weights, of.kind),
    )
