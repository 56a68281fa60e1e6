"""Mixing: how much of each token is in the vector of each token, layer by layer.

Meters, each an array "layer query key" whose rows sum to 1; the entry of a layer says what
is in r after it:

    raw          attention itself, mean over heads: one layer alone
    rollout      ½ (mean head + I), multiplied over the layers (Abnar & Zuidema 2020, §3)
    norm_shares  the attention block split exactly into one vector a token, their norms as
                 shares, multiplied over the layers (Kobayashi et al. 2021, §3)
    mask_shares  how far r moves when a token is masked: an experiment, not a formula

The feed-forward network works on each token alone, so it mixes nothing.
"""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.derived import check_map
from attnviz.analysis.distribution import check_distribution
from attnviz.core.intervention import heads_off
from attnviz.core.trace import Trace

Shares = Float[np.ndarray, "layer query key"]


def raw(trace: Trace) -> Shares:
    """The mean over heads of the attention weights, each layer on its own.

    Raises:
        CaptureError: if rows of given weights are no distributions, or the text is too long.
    """
    check_map(trace)
    layers = []
    for layer in range(trace.model.layers):
        weights = trace.layer_weights(layer)
        check_distribution(weights)
        layers.append(weights.mean(axis=0, dtype=float))  # "query key"
    return np.stack(layers)


def rollout(trace: Trace) -> Shares:
    """Attention rollout: half of each layer is attention, half the residual connection."""
    return _multiplied((raw(trace) + np.eye(len(trace.tokens))) / 2)


def norm_shares(trace: Trace) -> Shares:
    """The share of each token by the norm of its part of z, multiplied over the layers."""
    lengths = [norms(trace, layer) for layer in range(trace.model.layers)]
    return _multiplied(_shares(np.stack(lengths)))


def mask_shares(moved: Float[np.ndarray, "depth query masked"]) -> Shares:
    """How far each r moved for each masked token, as shares; x, at depth 0, is left out."""
    return _shares(moved[1:].astype(float))


def parts(trace: Trace, layer: int, query: int) -> Float[np.ndarray, "part d_model"]:
    """The parts that the layer's z of a token is the sum of: one a token, then the biases.

    z = LayerNorm(x + Σ_h Σ_j α_j v_j W_O + b_O). With the deviation of its own input put in,
    LayerNorm is linear, so each term is normalised alone (Kobayashi et al. 2021, eq. 7).
    """
    norm, bias = trace.norm(layer), trace.learned[layer].output.bias
    weights = _weights(trace, layer)[:, query]  # "head key"
    terms = np.einsum("hk,hkd->kd", weights, _written(trace, layer))  # "key d_model"
    terms[query] += trace.residual(layer)[query]
    divisor = _deviation(trace, layer)[query]
    normalised: np.ndarray = _scaled(np.vstack([terms, bias]), norm.gain) / divisor
    normalised[-1] += norm.bias
    return normalised


def norms(trace: Trace, layer: int) -> Float[np.ndarray, "query key"]:
    """The norm of each token's part of each token's z: of `parts`, without the biases.

    From the inner products of the heads of each key, for |Σ_h α_h w_h|² = αᵀ (w wᵀ) α: the
    n × n vectors themselves, of d_model numbers each, are never held.
    """
    gain = trace.norm(layer).gain
    written = _scaled(_written(trace, layer), gain).transpose(1, 0, 2)  # "key head d_model"
    products = written @ written.transpose(0, 2, 1)  # "key head head"
    weights = _weights(trace, layer).transpose(2, 1, 0)  # "key query head"
    squares = ((weights @ products) * weights).sum(axis=-1).T  # "query key"
    own = np.einsum("kkh,khd->kd", weights, written) + _scaled(trace.residual(layer), gain)
    np.fill_diagonal(squares, (own**2).sum(axis=-1))
    lengths: np.ndarray = np.sqrt(np.maximum(squares, 0)) / _deviation(trace, layer)[:, None]
    return lengths


def _written(trace: Trace, layer: int) -> Float[np.ndarray, "head token d_model"]:
    """What a head writes where it gives a token all its attention: v W_O^h."""
    record = trace.record(layer)
    values = record.shared(record.values, slice(None)).astype(float)  # "head token d_value"
    slices = [trace.output_projection((layer, head)) for head in range(trace.model.heads)]
    written: np.ndarray = values @ np.stack(slices).astype(float)
    return written


def _weights(trace: Trace, layer: int) -> Float[np.ndarray, "head query key"]:
    """The weights that reached z: a head that was switched off has written nothing."""
    weights = trace.layer_weights(layer).astype(float)
    weights[list(heads_off(trace.interventions, layer))] = 0
    return weights


def _deviation(trace: Trace, layer: int) -> Float[np.ndarray, " token"]:
    """What the layer's LayerNorm divides each token by."""
    entered = trace.residual(layer).astype(float) + trace.attention_output(layer)  # "token d_model"
    deviation: np.ndarray = np.sqrt(entered.var(axis=-1) + trace.norm(layer).epsilon)
    return deviation


def _scaled(
    vectors: Float[np.ndarray, "*axes d_model"], gain: Float[np.ndarray, " d_model"]
) -> Float[np.ndarray, "*axes d_model"]:
    """LayerNorm's linear part: the mean taken away, times the gain."""
    centred: np.ndarray = (vectors - vectors.mean(axis=-1, keepdims=True, dtype=float)) * gain
    return centred


def _shares(lengths: Shares) -> Shares:
    """Each row divided by its sum; a row of zeros stays one."""
    sums = lengths.sum(axis=-1, keepdims=True)
    shares: np.ndarray = np.divide(lengths, sums, out=np.zeros_like(lengths), where=sums > 0)
    return shares


def _multiplied(steps: Shares) -> Shares:
    """The product of all layers so far: the shares of x in r after each layer."""
    products = [steps[0]]
    for step in steps[1:]:
        products.append(step @ products[-1])
    return np.stack(products)
