"""Given weights of any shape: of one text, of two, or step by step."""

from typing import Any

from attnviz.core.given import given_trace
from attnviz.core.given_cross import given_cross
from attnviz.core.given_steps import is_steps, joined
from attnviz.core.trace import Trace


def given_any(
    tokens: Any, keys: Any, weights: Any, special: Any, title: Any, allowed: Any
) -> Trace:
    """See `Trace.from_weights`."""
    if is_steps(weights):
        weights, may = joined(weights, is_cross=keys is not None)
        allowed = may if allowed is None and not may.all() else allowed
    if keys is None:
        return given_trace(tokens, weights, special, title, allowed)
    return given_cross(tokens, keys, weights, special, title, allowed)
