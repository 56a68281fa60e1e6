"""Which heads an explorer begins with, and the kind of attention that they are of."""

from collections.abc import Sequence

from attnviz.analysis.difference import most_different
from attnviz.core.heads import AnyHead, HeadId
from attnviz.core.one_kind import of_kind
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError
from attnviz.pictures.shown import check_one_kind


def of_one_kind(trace: Trace, heads: Sequence[AnyHead] | None) -> tuple[Trace, tuple[HeadId, ...]]:
    """A trace with the kind of attention that these heads are of, and each head once."""
    if heads is None:
        trace_of_kind = of_kind(trace)
        return trace_of_kind, tuple(dict.fromkeys(_two(trace_of_kind)))
    ids = tuple(dict.fromkeys(trace.check_heads(heads)))
    check_one_kind(ids)
    return of_kind(trace, ids[0].kind), ids


def _two(trace: Trace) -> tuple[HeadId, ...]:
    """The two most different heads; the first two where weights are no distributions."""
    try:
        return most_different(trace)[:2]
    except CaptureError:
        return trace.heads[:2]
