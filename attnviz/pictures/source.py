"""Where a drawn map is from: heads of a trace, what is computed of them, and the lens."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import isqrt

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.combine import Combination
from attnviz.analysis.computed import computed_map
from attnviz.analysis.describe import ROUNDING
from attnviz.analysis.distribution import sum_to_one
from attnviz.analysis.formula import formula as formula_of
from attnviz.analysis.lens import Lens, look_at
from attnviz.core.attention import Scored
from attnviz.core.heads import HeadId
from attnviz.core.maps import MOST_PAIRS, AttentionMap
from attnviz.core.trace import Trace
from attnviz.digits import at_least, at_most
from attnviz.errors import ArgumentError, CaptureError
from attnviz.pictures.provenance import with_interventions
from attnviz.texts import Message


@dataclass(frozen=True)
class Source:
    """Where a map is from: one head of a trace, or all that `combination` puts together."""

    trace: Trace
    heads: tuple[HeadId, ...]
    lens: Lens
    combination: Combination | None = None

    @property
    def is_given(self) -> bool:
        """Whether the weights were computed elsewhere."""
        return self.trace.model.source == "given"

    def attention_map(self) -> AttentionMap:
        """The weights, or what is computed from them, through the lens."""
        trace, kind = self.trace, self.heads[0].kind
        queries, keys = trace.query_tokens(kind), trace.key_tokens(kind)
        (part, of_keys), raw = self.lens.parts(queries, keys), self.lens.map == "raw"
        check_drawable(len(queries[part]), len(keys[of_keys]))
        reached = None if raw else self._reached
        attention = look_at(
            (trace.weights(head, part) for head in self.heads)
            if raw
            else (computed.values[part] for computed in self.computed),
            queries,
            self.lens,
            self.combination or "mean",
            trace.allowed_in(self.heads, part)
            if raw
            else (None if reached is None else reached[part]),
            columns=keys,
            has_sink=self.has_sink,
        )
        return replace(attention, title=self.title, formula=self._formula(attention))

    @property
    def has_sink(self) -> bool:
        """Whether a learned sink takes a part of its rows, as one more key of softmax (gpt-oss)."""
        if self.combination == "maximum" or self.lens.map != "raw":
            return False
        records = [self.trace.attention[head.kind, head.layer] for head in self.heads]
        return any(isinstance(record, Scored) and record.sinks is not None for record in records)

    @cached_property
    def computed(self) -> tuple[AttentionMap, ...]:
        """The map of each head that the lens names, between all tokens; none of the weights.

        Raises:
            CaptureError: if maps of layers are to be combined, or one cannot be computed.
        """
        lens = self.lens
        if lens.map == "raw":
            return ()
        if lens.is_of_layers and self.combination is not None:
            raise CaptureError("layers_combined")
        return tuple(computed_map(self.trace, head, lens) for head in self.heads)

    @property
    def _reached(self) -> Bool[np.ndarray, "query key"] | None:
        """The pairs that have a value in one of the computed maps; None: all."""
        parts = [computed.allowed for computed in self.computed]
        reached = [part for part in parts if part is not None]
        return np.logical_or.reduce(reached) if len(reached) == len(parts) else None

    @property
    def title(self) -> Message:
        """L0·H2, or "mean of L0·H2, L1·H8"; with the map that is computed of it."""
        if self.lens.is_of_layers:
            first = self.heads[0]
            of_layer = Message(f"derived.{self.lens.map}", {"layer": first.layer})
            if first.kind == "self":
                return of_layer
            kind = Message(f"kind.{first.kind}")
            return Message("derived.of_kind", {"map": of_layer, "kind": kind})
        heads = ", ".join(str(head) for head in self.heads)
        named = Message("map.named", {"name": heads})
        if self.combination is not None:
            named = Message(f"picture.{self.combination}_of", {"heads": heads})
        return named if self.lens.map == "raw" else Message("derived.norm", {"head": named})

    def _formula(self, seen: AttentionMap) -> Message:
        """How the drawn numbers come from q and k and what rows sum to, or that they were given."""
        if self.computed:
            formula = self.computed[0].formula or Message("map.untitled")
            if self.combination is not None:
                formula = Message(f"picture.formula_{self.combination}", {"softmax": formula})
            return formula if self.lens.map == "flow" else self._with_rows(formula, seen)
        combination = self.combination or "weights"
        if self.is_given:
            row_sums = seen.whole
            sums = (float(row_sums.min()), float(row_sums.max())) if row_sums.size else (1.0, 1.0)
            return _with_sums(Message(f"picture.given_{combination}"), sums)
        softmax = {"softmax": formula_of(self.trace, self.heads)}
        formula = with_interventions(
            Message(f"picture.formula_{combination}", softmax), self.trace, self.heads
        )
        return self._with_rows(formula, seen)

    def _with_rows(self, formula: Message, seen: AttentionMap) -> Message:
        """A formula, and what the drawn rows sum to where that is whole."""
        sums_drawn = drawn_values(seen).sum(axis=1)
        if not sums_drawn.size or sums_drawn.min() < 1 - ROUNDING:
            return formula  # the lens hides a part of each row
        more = self.combination == "maximum" or sums_drawn.max() > 1 + ROUNDING
        return Message(f"picture.rows_{'more' if more else 'one'}", {"formula": formula})


def check_drawable(rows: int, columns: int) -> None:
    """Make sure that a map of so many queries and keys can be drawn.

    Raises:
        ArgumentError: if there are too many.
    """
    if rows * columns > MOST_PAIRS:
        most = isqrt(MOST_PAIRS)
        raise ArgumentError(
            "span_wanted", rows=f"{rows:,}", columns=f"{columns:,}", most=f"{most:,}"
        )


def drawn_values(seen: AttentionMap) -> Float[np.ndarray, "row column"]:
    """The values that are shown; what is hidden or not allowed is 0."""
    return np.where(seen.shown, seen.values, 0)


def _with_sums(formula: Message, sums: tuple[float, float]) -> Message:
    """A formula with the range of row sums, rounded outward, where they are not all 1."""
    if sum_to_one(*sums):
        return formula
    low, high = at_least(sums[0], 4), at_most(sums[1], 4)
    return Message("picture.row_sums", {"formula": formula, "low": low, "high": high})
