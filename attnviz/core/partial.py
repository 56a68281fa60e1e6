"""A partial trace: queries and keys are kept, the rest is computed again when it is asked for.

Weights need q and k alone. The other arrays of a layer are seven tenths of a trace, and only
lessons and the file of the whole trace ask for them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from attnviz.core.attention import AttentionRecord, Scored, Stream, Weighted
from attnviz.core.card import LayerWeights, Norm, Projection
from attnviz.core.heads import Kind
from attnviz.core.trace import Trace

Again = Callable[[], Trace]  # the whole trace


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class PartialTrace(Trace):
    """A trace whose weights are at hand, and whose other arrays are computed again."""

    again: Again  # holds nothing itself: `held` counts what stands in fields

    def record(self, layer: int, kind: Kind = "self") -> AttentionRecord:
        """All that the attention of a layer showed, of the whole trace."""
        return self.again().record(layer, self.check_kind(kind))

    @property
    def streams(self) -> Mapping[str, Stream]:
        """The residual stream of each sequence, of the whole trace."""
        return self.again().streams


class LaterWeights(LayerWeights):
    """What a layer has learned, asked of the whole trace once it is wanted."""

    __slots__ = ("_again", "_layer")
    _again: Again
    _layer: int

    def __init__(self, again: Again, layer: int) -> None:
        object.__setattr__(self, "_again", again)
        object.__setattr__(self, "_layer", layer)

    @property
    def _whole(self) -> LayerWeights:
        return self._again().learned[self._layer]

    @property
    def query(self) -> Projection:
        """W_Q."""
        return self._whole.query

    @property
    def key(self) -> Projection:
        """W_K."""
        return self._whole.key

    @property
    def value(self) -> Projection:
        """W_V."""
        return self._whole.value

    @property
    def output(self) -> Projection:
        """W_O."""
        return self._whole.output

    @property
    def norm(self) -> Norm:
        """The LayerNorm of Add & Norm."""
        return self._whole.norm


def partial(trace: Trace, again: Again) -> PartialTrace:
    """What weights need of a trace; `again` brings the whole one when more is asked for."""
    kept = {key: _scored(record) for key, record in trace.attention.items()}
    return PartialTrace(**{**_fields(trace), "attention": kept, "hidden": {}}, again=again)


def _scored(record: Weighted) -> Weighted:
    """A record without its values and z."""
    if not isinstance(record, Scored):
        return record
    return Scored(**{one.name: getattr(record, one.name) for one in fields(Scored)})


def _fields(trace: Trace) -> dict[str, Any]:
    return {one.name: getattr(trace, one.name) for one in fields(Trace)}
