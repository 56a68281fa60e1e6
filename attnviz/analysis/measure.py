"""All measures of all heads, one layer at a time."""

from collections.abc import Iterator
from typing import get_args

import numpy as np
import pandas as pd
from jaxtyping import Float

from attnviz import checks
from attnviz.analysis.distribution import check_distribution
from attnviz.analysis.measures import Attention, measures
from attnviz.analysis.norms import Weighting, as_shares, lengths
from attnviz.analysis.targets import Sides
from attnviz.core.heads import Kind
from attnviz.core.trace import Trace


def measure(trace: Trace, *, weighting: Weighting = "raw", tokens: bool = False) -> pd.DataFrame:
    """One row a head: layer, head, and a column for each measure; kind, where not all are self.

    A number that a measure cannot say of a head is missing (NaN): there is no separator, or no
    word stands twice. With `tokens`, a column NAME_tokens says on how many queries each rests.
    `weighting` says what is measured: attention weights α ("raw"), or the shares in each row of
    ‖α v‖ ("value") or ‖α f(x)‖ ("norm"; Kobayashi et al. 2020, §3).

    Weights are computed a layer at a time and forgotten.

    Raises:
        ArgumentError: if something is not what it should be.
        CaptureError: if rows of given weights are no distributions, or the trace holds weights
            alone and others were asked for.

    Example:
        >>> measure(trace).nlargest(3, "previous")
    """
    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")
    checks.one_of("weighting", weighting, get_args(Weighting))
    counted = checks.flag("tokens", tokens)
    names = [one.name for one in measures()]
    found = np.concatenate(list(_of_layers(trace, weighting)), axis=-1)  # "what measure head"
    table = pd.DataFrame(found[0].T, columns=names)
    if counted:
        rests_on = pd.DataFrame(
            found[1].T.astype(int), columns=[f"{name}_tokens" for name in names]
        )
        table = pd.concat([table, rests_on], axis=1)
    return named(table, trace)


def _of_layers(
    trace: Trace, weighting: Weighting
) -> Iterator[Float[np.ndarray, "what measure head"]]:
    """Of each layer the values of all measures, and the tokens that they rest on."""
    sides: dict[Kind, Sides] = {}
    for kind, layer in trace.attention:
        if kind not in sides:
            sides[kind] = sides_of(trace, kind)
        seen = attention(trace, layer, kind, weighting, sides[kind])
        found = [one.compute(seen) for one in measures()]
        yield np.array([[one.values for one in found], [one.tokens for one in found]])


def named(table: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """A table of all heads, with the head of each row before it."""
    heads = trace.heads
    table.insert(0, "layer", np.array([head.layer for head in heads]))
    table.insert(1, "head", np.array([head.head for head in heads]))
    kinds = [head.kind for head in heads]
    if set(kinds) != {"self"}:
        table.insert(0, "kind", kinds)
    return table


def sides_of(trace: Trace, kind: Kind = "self") -> Sides:
    """The tokens that look and those that are looked at, in attention of one kind."""
    queries, keys = trace.query_tokens(kind), trace.key_tokens(kind)
    return Sides(queries, None if keys is queries else keys)


def attention(
    trace: Trace,
    layer: int,
    kind: Kind = "self",
    weighting: Weighting = "raw",
    sides: Sides | None = None,
) -> Attention:
    """The attention of every head of a layer, as measures are given it.

    Raises:
        CaptureError: if rows of given weights are no distributions, or the trace holds weights
            alone and others were asked for.
    """
    record = trace.attention[kind, layer]
    weights, allowed = record.weights(slice(None)), record.may_look(slice(None))
    check_distribution(weights)
    if allowed is not None:
        weights = np.where(allowed, weights, 0)
    known = weighting != "raw" or "projections" in trace.capabilities
    of_key = lengths(trace, layer, kind) if known else None
    if of_key is not None and weighting != "raw":
        weights = as_shares(weights, getattr(of_key, weighting))
        takes = weights.any(axis=-1, keepdims=True)  # of a head that is off, no query does
        if not takes.all():
            allowed = takes & (np.ones_like(weights, bool) if allowed is None else allowed)
    both = (None, None) if of_key is None else of_key
    return Attention(weights, sides or sides_of(trace, kind), allowed, *both)
