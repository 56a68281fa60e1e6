"""Steps: the attentions that transformers' `generate` returns, joined to those of one text.

It returns a tuple of steps, each a tuple of layers "batch head query key". The first step reads
the whole prompt; each later one has a single query, the token that was written last, and one key
more than the step before (in cross attention as many keys as the source has).
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from attnviz.core.arrays import real_numbers
from attnviz.errors import CaptureError

_AXES = 4  # batch, head, query, key


def is_steps(weights: Any) -> bool:
    """Whether weights are steps of layers, and not the layers of one text."""
    if not isinstance(weights, list | tuple) or not weights:
        return False
    first = weights[0]
    is_nested = isinstance(first, list | tuple) and bool(first)
    return is_nested and len(getattr(first[0], "shape", ())) == _AXES


def joined(
    steps: Any, *, is_cross: bool
) -> tuple[Float[np.ndarray, "layer head query key"], Bool[np.ndarray, "query key"]]:
    """The weights of all steps, and where a query had a key to look at.

    Unless they are those of cross attention, a prompt that reads itself looks back alone.

    Raises:
        CaptureError: if the steps do not fit one another, or are of several texts.
    """
    parts = [real_numbers(step) for step in steps]  # each "layer 1 head query key"
    sizes = {part.shape[:3] for part in parts}
    if len(sizes) != 1 or next(iter(sizes))[1] != 1:
        raise CaptureError("steps_shape", shapes=", ".join(str(part.shape) for part in parts[:3]))
    layers, _, heads = next(iter(sizes))
    queries = sum(part.shape[3] for part in parts)
    keys = max(part.shape[4] for part in parts)
    weights = np.zeros((layers, heads, queries, keys), np.float32)
    allowed = np.zeros((queries, keys), bool)
    row = 0
    for part in parts:
        rows = slice(row, row + part.shape[3])
        weights[:, :, rows, : part.shape[4]] = part[:, 0]
        allowed[rows, : part.shape[4]] = True
        row += part.shape[3]
    first = parts[0].shape[3:]
    if not is_cross and first[0] == first[1] and keys == queries:
        allowed &= np.tri(queries, dtype=bool)
    return weights, allowed
