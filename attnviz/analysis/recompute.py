"""Attention once more in double precision, from recorded tensors: the check of what was said.

One formula for every head of every layer (Vaswani et al. 2017, §3.2), written here without
the code that the trace and the figures use.
"""

from collections.abc import Collection

import numpy as np
from jaxtyping import Float

from attnviz.core.attention import AttentionRecord
from attnviz.core.card import Norm, Projection


def blend(record: AttentionRecord) -> Float[np.ndarray, "head token d_head"]:
    """Z of every head: softmax(q kᵀ · scaling) v, from the recorded q, k and v.

    Where an intervention changed scores or weights, with those that it left.
    """
    q, k, v = (a.astype(float) for a in (record.queries, record.keys, record.values))
    return _blend(q, k, v, record)


def weights(record: AttentionRecord) -> Float[np.ndarray, "head query key"]:
    """The weights of every head: softmax(q kᵀ · scaling), from the recorded q and k."""
    return _shares(record.queries.astype(float), record.keys.astype(float), record)


def heads_from_x(
    record: AttentionRecord, entered: Float[np.ndarray, "token d_model"]
) -> Float[np.ndarray, "head token d_head"]:
    """Z of every head from the layer's input x and its W_Q, W_K, W_V alone."""
    x, learned = entered.astype(float), record.learned
    owners = len(record.queries), len(record.keys), len(record.values)
    q, k, v = (
        _through(x, one).reshape(len(x), heads, -1).transpose(1, 0, 2)  # "head token d_head"
        for one, heads in zip((learned.query, learned.key, learned.value), owners, strict=True)
    )
    return _blend(q, k, v, record)


def attention_block(
    record: AttentionRecord,
    entered: Float[np.ndarray, "token d_model"],
    off: Collection[int] = (),
) -> Float[np.ndarray, "token d_model"]:
    """The layer's z from its input x: all heads but those `off`, W_O, Add & Norm."""
    z = heads_from_x(record, entered)
    z[list(off)] = 0
    concat = z.transpose(1, 0, 2).reshape(z.shape[1], -1)  # "token concat"
    return add_and_norm(entered, _through(concat, record.learned.output), record.learned.norm)


def add_and_norm(
    x: Float[np.ndarray, "token d_model"], written: Float[np.ndarray, "token d_model"], norm: Norm
) -> Float[np.ndarray, "token d_model"]:
    """LayerNorm(x + what attention wrote)."""
    added = x.astype(float) + written
    centred = added - added.mean(axis=-1, keepdims=True)
    deviation = np.sqrt(added.var(axis=-1, keepdims=True) + norm.epsilon)
    normalised: np.ndarray = centred / deviation * norm.gain + norm.bias
    return normalised


def largest_error(
    found: Float[np.ndarray, "*axes"], recomputed: Float[np.ndarray, "*axes"]
) -> float:
    """The largest difference of two arrays, as a share of the largest entry of the first."""
    largest = float(np.abs(found).max())
    return float(np.abs(found - recomputed).max()) / largest if largest else 0.0


def _through(
    vectors: Float[np.ndarray, "token input"], projection: Projection
) -> Float[np.ndarray, "token output"]:
    projected: np.ndarray = vectors @ projection.weight.astype(float) + projection.bias
    return projected


def _blend(q: np.ndarray, k: np.ndarray, v: np.ndarray, record: AttentionRecord) -> np.ndarray:
    blended: np.ndarray = np.einsum("hqk,hkd->hqd", _shares(q, k, record), _each(v, q))
    return blended


def _each(shared: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Keys or values for every head, of those that several share."""
    return np.repeat(shared, len(q) // len(shared), axis=0)


def _shares(q: np.ndarray, k: np.ndarray, record: AttentionRecord) -> np.ndarray:
    scores = np.einsum("hqd,hkd->hqk", q, _each(k, q)) * record.scaling  # "head query key"
    if record.softcap is not None:
        scores = np.tanh(scores / record.softcap) * record.softcap
    if record.added is not None:
        scores = scores + record.added
    if record.allowed is not None:
        scores = np.where(record.allowed, scores, -np.inf)
    for head, changed in record.changed_scores.items():
        scores[head] = changed
    sinks = np.full(len(q), -np.inf) if record.sinks is None else record.sinks.astype(float)
    taken = sinks[:, None, None]  # "head 1 1"
    largest = np.maximum(scores.max(axis=-1, keepdims=True), taken)
    powers = np.exp(scores - largest)
    shares: np.ndarray = powers / (powers.sum(-1, keepdims=True) + np.exp(taken - largest))
    for head, changed in record.changed_weights.items():
        shares[head] = changed
    return shares
