"""Steps: the attentions that transformers' `generate` returns, joined to those of one text.

It returns a tuple of steps, each a tuple of layers "batch head query key". The first step reads
the whole prompt; each later one has a single query, the token that was written last, and one key
more than the step before (in cross attention as many keys as the source has). Where a layer looks
through a sliding window, its cache has the last keys alone. Without a cache each step reads all
there is so far, so that the last one holds the others.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from attnviz.core.arrays import real_numbers
from attnviz.errors import CaptureError

_AXES = 4  # batch, head, query, key

_Layers = Sequence[np.ndarray]  # each "1 head query key"


def is_steps(weights: Any) -> bool:
    """Whether weights are steps of layers, and not the layers of one text."""
    if not isinstance(weights, list | tuple) or not weights:
        return False
    first = weights[0]
    is_nested = isinstance(first, list | tuple) and bool(first)
    return is_nested and len(getattr(first[0], "shape", ())) == _AXES


def joined(
    steps: Any, tokens: int, *, is_cross: bool
) -> tuple[Float[np.ndarray, "layer head query key"], Bool[np.ndarray, "layer 1 query key"]]:
    """The weights of all steps, and where a query had a key to look at.

    Unless they are those of cross attention, a prompt that reads itself looks back alone.

    Raises:
        CaptureError: if the steps do not fit one another, are of several texts, or have read
            other than so many `tokens`.
    """
    parts = [[real_numbers(layer) for layer in step] for step in steps]
    if not _fit(parts):
        shapes = ", ".join(str(layer.shape) for step in parts[:3] for layer in step[:2])
        raise CaptureError("steps_shape", shapes=shapes)
    if all(len(two[1][0][0, 0]) == len(two[0][0][0, 0]) + 1 for two in pairwise(parts)):
        parts = parts[-1:]  # without a cache
    queries = sum(step[0].shape[2] for step in parts)
    if tokens == queries + 1:
        raise CaptureError("steps_last", read=queries)
    keys = max(layer.shape[3] for step in parts for layer in step) if is_cross else queries
    of_layers = [
        _of_layer(list(layer), queries, keys, is_cross) for layer in zip(*parts, strict=True)
    ]
    return np.stack([weights for weights, _ in of_layers]), np.stack([may for _, may in of_layers])


def _fit(parts: Sequence[_Layers]) -> bool:
    """Whether all steps have the same layers and heads, of one text."""
    sizes = {
        (len(step), *layer.shape[:2], layer.shape[2] - step[0].shape[2])
        for step in parts
        for layer in step
        if layer.ndim == _AXES
    }
    of_one_text = {(len(parts[0]), 1, parts[0][0].shape[1], 0)}
    return all(layer.ndim == _AXES for step in parts for layer in step) and sizes == of_one_text


def _of_layer(
    steps: _Layers, queries: int, keys: int, is_cross: bool
) -> tuple[Float[np.ndarray, "head query key"], Bool[np.ndarray, "1 query key"]]:
    """The rows of all steps of a layer, and where there was a key."""
    weights = np.zeros((steps[0].shape[1], queries, keys), np.float32)
    allowed = np.zeros((1, queries, keys), bool)
    row = window = 0
    for step in steps:
        rows = slice(row, row + step.shape[2])
        start = 0 if is_cross else rows.stop - step.shape[3]
        if start < 0 or start + step.shape[3] > keys:
            raise CaptureError("steps_shape", shapes=", ".join(str(one.shape) for one in steps[:3]))
        weights[:, rows, start : start + step.shape[3]] = step[0]
        allowed[:, rows, start : start + step.shape[3]] = True
        row, window = rows.stop, step.shape[3] if start else window
    if not is_cross:
        allowed &= _looking_back(weights, window)
    return weights, allowed


def _looking_back(
    weights: Float[np.ndarray, "head query key"], window: int
) -> Bool[np.ndarray, "query key"]:
    """Each token and those before it; of a window, if the prompt was read through it, the last."""
    back = np.tri(len(weights[0]), dtype=bool)
    near = back & ~np.tri(len(back), k=-window, dtype=bool) if window else back
    return near if not weights[:, ~near].any() else back
