"""Formula: how a model's weights come from q and k, in signs that every language reads.

softmax(q·kᵀ / √d_head)                     all keys
softmax[k ≤ q](q·kᵀ / √d_head)              a token looks at itself and at earlier ones
softmax[q − 3 ≤ k ≤ q](…)                   the last four alone (a sliding window)
softmax(50·tanh(q·kᵀ / √d_head / 50))       a soft cap (Gemma 2)
softmax(q·kᵀ + bias)                        a position bias (T5)
softmax(…, sink)                            a learned key that is no token (gpt-oss)
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool

from attnviz.core.attention import Scored
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace

_CLOSE = 1e-6  # a scale that differs by less is this one
OWN_SOFTMAX = "softmax"  # of a family's own code, in which q and k are not seen


def formula(trace: Trace, heads: Iterable[HeadId]) -> str:
    """The formula of the weights of some heads; several where their layers differ."""
    keys = dict.fromkeys((head.kind, head.layer) for head in heads)
    found = dict.fromkeys(_of(trace.attention[key]) for key in keys)
    return " | ".join(found)


def _of(record: object) -> str:
    if not isinstance(record, Scored):
        return OWN_SOFTMAX
    inner = f"q·kᵀ{_scaled(record)}"
    if record.softcap is not None:
        inner = f"{record.softcap:g}·tanh({inner} / {record.softcap:g})"
    if record.added is not None:
        inner += " + bias"
    if record.sinks is not None:
        inner += ", sink"
    return f"softmax{_region(record)}({inner})"


def _scaled(record: Scored) -> str:
    usual = record.queries.shape[-1] ** -0.5
    if abs(record.scaling - usual) < _CLOSE:
        return " / √d_head"
    return "" if abs(record.scaling - 1) < _CLOSE else f" · {record.scaling:.4g}"


def _region(record: Scored) -> str:
    """Where a query may look, if that is a band of keys around it."""
    if record.allowed is None:
        return ""
    parts = {_band(one) for one in np.broadcast_to(record.allowed, _sizes(record))}
    return f"[{' or '.join(sorted(parts))}]"


def _sizes(record: Scored) -> tuple[int, int, int]:
    heads = len(record.allowed) if record.allowed is not None else 1
    return heads, record.queries.shape[1], record.keys.shape[1]


def _band(allowed: Bool[np.ndarray, "query key"]) -> str:
    queries, keys = allowed.shape
    back = np.arange(queries)[:, None] - np.arange(keys)  # how far a key lies before the query
    if not allowed.any():
        return "–"
    nearest, farthest = int(back[allowed].min()), int(back[allowed].max())
    if not np.array_equal(allowed, (back >= nearest) & (back <= farthest)):
        return "mask"
    if nearest == 0 and farthest >= queries - 1:
        return "k ≤ q"
    if nearest == 0:
        return f"q − {farthest} ≤ k ≤ q"
    return f"|q − k| ≤ {farthest}" if nearest == -farthest else "mask"
