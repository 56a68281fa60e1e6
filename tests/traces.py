"""Traces with some of their arrays exchanged, to see who notices."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from attnviz.core.attention import AttentionRecord, Stream
from attnviz.core.trace import Trace


def with_records(trace: Trace, change: Callable[[int, AttentionRecord], dict[str, Any]]) -> Trace:
    """The trace with some parts of each layer's record exchanged."""
    layers = range(trace.model.layers)
    records = {n: trace.record(n) for n in layers}
    return replace(
        trace, attention={("self", n): replace(records[n], **change(n, records[n])) for n in layers}
    )


def with_after_attention(trace: Trace, z: Callable[[int], np.ndarray]) -> Trace:
    """The trace with another z of every layer."""
    stream = trace.streams["text"]
    after = tuple(z(layer) for layer in range(trace.model.layers))
    return replace(trace, hidden={"text": Stream(stream.residual, after)})
