"""One kind: the part of an encoder–decoder's trace that pictures of all heads draw."""

from dataclasses import replace

from attnviz.core.attention import Scored
from attnviz.core.heads import SEQUENCES, Kind
from attnviz.core.trace import Trace

_SIDES = ("source", "source", "target")  # of what was left out, by segment
_FIRST_SHOWN: tuple[Kind, ...] = ("self", "cross")  # else the first that there is


def of_kind(trace: Trace, kind: Kind | None = None) -> Trace:
    """The trace with its attention of one kind alone, and the tokens between which that runs.

    Without a `kind`, the only one, or of an encoder–decoder "cross". The sizes of its `model` are
    those of this kind. What is for models with one kind of attention takes it, and a pair is
    enough to name a head of it.

    Raises:
        ArgumentError: if the model has no attention of this kind.

    Example:
        >>> attnviz.overview(trace.of_kind("encoder"))
    """
    kinds = trace.kinds
    first_shown = next((one for one in _FIRST_SHOWN if one in kinds), kinds[0])
    kind = trace.check_kind(first_shown if kind is None else kind)
    if kinds == (kind,):
        return trace
    records = {key: record for key, record in trace.attention.items() if key[0] == kind}
    first = next(iter(records.values()))
    width = first.queries.shape[-1] if isinstance(first, Scored) else trace.model.d_head
    sequences = {
        name: tokens for name, tokens in trace.sequences.items() if name in SEQUENCES[kind]
    }
    return replace(
        trace,
        model=replace(trace.model, layers=len(records), heads=first.heads, d_head=width),
        sequences=sequences,
        left_out=tuple(one for one in trace.left_out if _SIDES[one.segment] in sequences),
        attention=records,
        hidden={name: stream for name, stream in trace.hidden.items() if name in sequences},
    )
