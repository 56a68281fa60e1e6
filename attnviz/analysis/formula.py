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
    regions: dict[int, str] = {}  # by mask: layers share it
    formulas = dict.fromkeys(_of(trace.attention[key], regions) for key in keys)
    return " | ".join(formulas)


def _of(record: object, regions: dict[int, str]) -> str:
    if not isinstance(record, Scored):
        return OWN_SOFTMAX
    inner = f"q·kᵀ{_scaled(record)}"
    if record.softcap is not None:
        inner = f"{record.softcap:g}·tanh({inner} / {record.softcap:g})"
    if record.added is not None:
        inner += " + bias"
    if record.sinks is not None:
        inner += ", sink"
    if id(record.allowed) not in regions:
        regions[id(record.allowed)] = _region(record.allowed)
    return f"softmax{regions[id(record.allowed)]}({inner})"


def _scaled(record: Scored) -> str:
    usual = record.queries.shape[-1] ** -0.5
    if abs(record.scaling - usual) < _CLOSE:
        return " / √d_head"
    return "" if abs(record.scaling - 1) < _CLOSE else f" · {record.scaling:.4g}"


def _region(allowed: Bool[np.ndarray, "#head #query key"] | None) -> str:
    """Where a query may look, if that is a band of keys around it."""
    if allowed is None:
        return ""
    return f"[{' or '.join(sorted({_band(one) for one in allowed}))}]"


def _band(allowed: Bool[np.ndarray, "#query key"]) -> str:
    """How far a query may look back and ahead; no array of numbers as large as the mask is made."""
    queries, keys = allowed.shape
    place = np.arange(queries)
    first, last = allowed.argmax(axis=1), keys - 1 - allowed[:, ::-1].argmax(axis=1)
    back, ahead = int((place - first).max()), int((last - place).max())
    is_band = (
        np.array_equal(allowed.sum(axis=1), last - first + 1)
        and np.array_equal(first, np.maximum(place - back, 0))
        and np.array_equal(last, np.minimum(place + ahead, keys - 1))
    )
    if not is_band or (ahead != 0 and ahead != back):
        return "mask"
    if ahead:
        return f"|q − k| ≤ {back}"
    return "k ≤ q" if back >= queries - 1 else f"q − {back} ≤ k ≤ q"
