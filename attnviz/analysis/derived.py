"""Maps that are computed from attention and are drawn as any other: what they have in common."""

from collections.abc import Mapping
from dataclasses import replace
from math import isqrt, prod

import numpy as np
from jaxtyping import Bool, Float

from attnviz import checks
from attnviz.analysis.lens import Lens, places_shown
from attnviz.core.heads import Kind
from attnviz.core.maps import MOST_PAIRS, AttentionMap, Place, Scale, share_of
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError
from attnviz.texts import Message


def derived_map(
    trace: Trace,
    values: Float[np.ndarray, "query key"],
    name: str,
    said: Mapping[str, object],
    *,
    kind: Kind = "self",
    allowed: Bool[np.ndarray, "query key"] | None = None,
    scale: Scale = "share",
    special_before: float | None = None,
    divergence: Float[np.ndarray, " query"] | None = None,
) -> AttentionMap:
    """Values between the tokens of a trace, with title and formula of `name` in the catalogue."""
    rows, columns = (places_of(trace, kind, side) for side in ("query", "key"))
    title = Message(f"derived.{name}", said)
    whole = {"model": trace.model, "what": title}
    made = AttentionMap.from_values(values, rows, columns, allowed=allowed, scale=scale)
    return replace(
        made,
        title=Message("derived.title", whole),
        formula=_with_interventions(Message(f"derived.{name}_formula", said), trace),
        special_before=special_before,
        divergence=divergence,
    )


def check_map(trace: Trace, kind: Kind = "self") -> None:
    """Make sure that a map of all queries and keys can be computed.

    Raises:
        CaptureError: if there are too many.
    """
    tokens = len(trace.query_tokens(kind)), len(trace.key_tokens(kind))
    if prod(tokens) > MOST_PAIRS:
        most = f"{isqrt(MOST_PAIRS):,}"
        raise CaptureError("map_too_large", tokens=f"{max(tokens):,}", most=most)


def places_of(trace: Trace, kind: Kind, side: str) -> tuple[Place, ...]:
    """The tokens that look or are looked at, each a place."""
    rows, columns = places_shown(trace.query_tokens(kind), trace.key_tokens(kind), Lens())
    return rows if side == "query" else columns


def special_share(
    trace: Trace, weights: Float[np.ndarray, "query key"], kind: Kind = "self"
) -> float:
    """The share of each row on special tokens, mean over the rows that look at something."""
    special = np.array([token.is_special for token in trace.key_tokens(kind)])
    sums = weights.sum(axis=1, dtype=float)
    looks = sums > 0
    return share_of(weights[looks], np.broadcast_to(special, weights[looks].shape), sums[looks])


def check_trace(trace: object) -> None:
    """Make sure that there is a trace."""
    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")


def _with_interventions(formula: Message, trace: Trace) -> Message:
    """A formula, and what was changed in the pass that its numbers are from."""
    for intervention in trace.interventions:
        label = Message(f"intervention.{intervention.name}", intervention.numbers)
        formula = Message("derived.changed", {"formula": formula, "label": label})
    return formula
