"""Norm-weighted attention: what a head writes from each key, not its weight alone.

Kobayashi et al. 2020, "Attention is Not Only a Weight", §3: query i takes α_ij f(x_j) from key
j, with f(x) = (x W_V + b_V) W_O of the head, so ‖α f(x)‖ says how much; W_O's bias b_O is of no
key. A large weight on a short f(x), as often on [SEP], writes little.
"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from attnviz.core.heads import Kind
from attnviz.core.intervention import heads_off
from attnviz.core.trace import Trace

Weighting = Literal["raw", "value", "norm"]  # α, ‖α v‖ or ‖α f(x)‖, of each row as shares


class Lengths(NamedTuple):
    """How long what the heads of a layer read of each key is; 0 in a head that is off."""

    value: Float[np.ndarray, "head key"]  # ‖v‖
    norm: Float[np.ndarray, "head key"]  # ‖f(x)‖ = ‖v W_O^h‖


def lengths(trace: Trace, layer: int, kind: Kind = "self") -> Lengths:
    """The lengths of v and f(x) of every head of a layer.

    From ‖v W_O‖² = v (W_O W_Oᵀ) vᵀ: the vectors themselves, of d_model numbers, are never held.

    Raises:
        CaptureError: if the trace holds weights alone.
    """
    record = trace.record(layer, kind)
    values = record.shared(record.values, slice(None))
    slices = np.split(record.learned.output.weight, len(values))  # of each head "d_value d_model"
    products = np.stack([part @ part.T for part in slices])  # "head d_value d_value"
    of_value = (values * values).sum(axis=-1)  # "head key"
    squares = ((values @ products) * values).sum(axis=-1)  # "head key"
    both = Lengths(np.sqrt(of_value), np.sqrt(np.maximum(squares, 0)))
    if kind == "self":
        for of_key in both:
            of_key[list(heads_off(trace.interventions, layer))] = 0
    return both


def as_shares(
    weights: Float[np.ndarray, "*head query key"], of_key: Float[np.ndarray, "*head key"]
) -> Float[np.ndarray, "*head query key"]:
    """The shares of weight · length in each row; a row that takes nothing stays 0."""
    taken = weights * of_key[..., None, :]
    sums = taken.sum(axis=-1, keepdims=True)
    shares: np.ndarray = np.divide(taken, sums, out=np.zeros_like(taken), where=sums > 0)
    return shares
