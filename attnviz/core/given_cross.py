"""Given cross attention: weights between two texts that were computed elsewhere."""

import hashlib
from typing import Any

import numpy as np

from attnviz.core.arrays import real_numbers
from attnviz.core.attention import Given
from attnviz.core.given import (
    GivenWeights,
    card_of_given,
    checked_weights,
    positions,
    texts,
    tokens_of,
)
from attnviz.core.trace import Trace
from attnviz.core.weights import row_sums
from attnviz.errors import CaptureError


def given_cross(
    queries: Any, keys: Any, weights: Any, special: Any, title: Any, allowed: Any
) -> Trace:
    """See `Trace.from_weights`: `queries` are the texts that look, at the texts `keys`."""
    rows, columns = texts(queries, title), texts(keys, title)
    places = positions(special, len(rows))
    array = real_numbers(weights)
    if array.ndim == 5 and array.shape[1] == 1:  # a batch of one
        array = array[:, 0]
    if array.ndim != 4 or array.shape[2:] != (len(rows), len(columns)) or not array.size:
        shape, sizes = array.shape, {"queries": len(rows), "keys": len(columns)}
        raise CaptureError("cross_shape", shape=shape, **sizes)
    may = np.broadcast_to(~np.ma.getmaskarray(array), array.shape)
    if allowed is not None:
        mask = np.ma.filled(real_numbers(allowed), 0)
        if not ((mask == 0) | (mask == 1)).all():
            raise CaptureError("mask_values")
        try:
            may = may & np.broadcast_to(mask == 1, may.shape)
        except ValueError as error:
            raise CaptureError("mask_shape", shape=mask.shape, tokens=len(columns)) from error
    if not may.any():
        raise CaptureError("all_masked")
    shares = checked_weights(np.ma.filled(array, 0), may)
    kept_mask = None if may.all() else may
    card = card_of_given(shares, title, hashlib.sha256(shares.tobytes()).hexdigest())
    return Trace(
        model=card,
        text=" ".join(columns),
        pair=None,
        sequences={"source": tokens_of(columns, set()), "target": tokens_of(rows, places)},
        left_out=(),
        attention={
            ("cross", layer): GivenWeights(weights, None if kept_mask is None else kept_mask[layer])
            for layer, weights in enumerate(shares)
        },
        capabilities=frozenset({"weights"}),
        given=Given(shares, kept_mask, 0, row_sums(shares)),
    )
