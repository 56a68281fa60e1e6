"""Given weights of any shape: of one text, of two, or step by step."""

from typing import Any

from attnviz.core.given import given_trace, texts
from attnviz.core.given_cross import given_cross
from attnviz.core.given_steps import is_steps, joined
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError


def given_any(
    tokens: Any, keys: Any, weights: Any, special: Any, title: Any, allowed: Any
) -> Trace:
    """See `Trace.from_weights`."""
    if isinstance(weights, tuple) and all(layer is None for layer in weights):
        raise CaptureError("weights_none")
    if is_steps(weights):
        read = len(texts(tokens, title))
        weights, may = joined(weights, read, is_cross=keys is not None)
        allowed = may if allowed is None and not may.all() else allowed
    if keys is None:
        return given_trace(tokens, weights, special, title, allowed)
    return given_cross(tokens, keys, weights, special, title, allowed)
