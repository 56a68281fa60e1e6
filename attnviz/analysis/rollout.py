"""Attention rollout and attention flow through the layers (Abnar & Zuidema 2020, §3)."""

from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Bool, Float

from attnviz import checks
from attnviz.analysis import mixing
from attnviz.analysis.allowed import allowed_in_layer
from attnviz.analysis.derived import check_trace, derived_map, special_share
from attnviz.analysis.max_flow import max_flows
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError, CaptureError

_flows: WeakKeyDictionary[Trace, dict[int, Float[np.ndarray, "query key"]]] = WeakKeyDictionary()
MOST_TOKENS = 128  # of a flow, whose cost grows with their fourth power


def rollout(trace: Trace, layer: int | None = None) -> AttentionMap:
    """Attention rollout up to a layer, or to the last: ½ (mean head + I), multiplied.

    Half of each layer stands for the residual connection. It is no head's attention, and
    knows neither values nor the feed-forward network. `special_share` of the map is that of
    special tokens, `special_before` that of the layer's mean head.

    Raises:
        ArgumentError: if `layer` is no whole number.
        CaptureError: if rows of given weights are no distributions, or the attention is between
            two texts.
        InterventionError: if the model has no such layer.
    """
    last = _layer(trace, layer)
    return _through_layers(trace, last, mixing.rollout(trace)[last], "rollout")


def flow(trace: Trace, layer: int | None = None) -> AttentionMap:
    """Attention flow up to a layer, or to the last: the maximum flow from query to key.

    Through a graph whose edges hold ½ (mean head + I) of each layer; each pair by itself, so
    rows do not sum to 1. All pairs, up to 1e-5 of the exact value. Seconds at 64 tokens, a
    minute or two at 128, beyond which it is not computed.

    Raises:
        ArgumentError: if `layer` is no whole number, or there are more than 128 tokens.
        CaptureError: if rows of given weights are no distributions, or the attention is between
            two texts.
        InterventionError: if the model has no such layer.
    """
    last = _layer(trace, layer)
    if len(trace.tokens) > MOST_TOKENS:
        raise ArgumentError("flow_too_long", tokens=len(trace.tokens), most=MOST_TOKENS)
    return _through_layers(trace, last, _flow(trace, last), "flow")


def _flow(trace: Trace, last: int) -> Float[np.ndarray, "query key"]:
    """The flows up to a layer, kept as long as their trace: they take seconds."""
    known = _flows.setdefault(trace, {})
    if last not in known:
        capacity = (mixing.raw(trace)[: last + 1] + np.eye(len(trace.tokens))) / 2
        known[last] = np.clip(max_flows(capacity), 0, 1)
    return known[last]


def _layer(trace: Trace, layer: int | None) -> int:
    check_trace(trace)
    if trace.query_tokens() is not trace.key_tokens():
        raise CaptureError("two_texts")
    return (
        trace.model.layers - 1 if layer is None else trace.check_layer(checks.whole("layer", layer))
    )


def _through_layers(
    trace: Trace, last: int, values: Float[np.ndarray, "query key"], name: str
) -> AttentionMap:
    before = trace.layer_weights(last).mean(axis=0, dtype=float)
    return derived_map(
        trace,
        values,
        name,
        {"layer": last},
        allowed=_reached(trace, last),
        special_before=special_share(trace, before),
    )


def _reached(trace: Trace, last: int) -> Bool[np.ndarray, "query key"] | None:
    """Which query is reached by which token of the input at all; None: every one."""
    reached = np.eye(len(trace.tokens), dtype=bool)
    for layer in range(last + 1):
        may = allowed_in_layer(trace, layer)
        step = np.ones_like(reached) if may is None else may.any(axis=0)  # "query key"
        reached = (step | np.eye(len(reached), dtype=bool)) @ reached
    return None if reached.all() else reached
