"""The difference of two heads as a picture draws it: both through the same lens, A − B."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.difference import row_divergences
from attnviz.analysis.distribution import with_sink
from attnviz.analysis.lens import Lens, rows_shown, runs_between
from attnviz.core.heads import HeadId
from attnviz.core.maps import AttentionMap, Withheld
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError
from attnviz.pictures import style
from attnviz.pictures.provenance import with_interventions
from attnviz.pictures.shown import Shown, Source
from attnviz.texts import Language, Message, say

DIGITS = 3  # of a divergence


@dataclass(frozen=True)
class Difference(Source):
    """Where a difference is from: the first of two heads minus the second."""

    def attention_map(self) -> AttentionMap:
        """A − B through the lens; a cell is shown where the weight of either head is.

        Its `divergence` is that of the whole rows, hidden tokens included; no number where the
        lens on a pair of texts leaves a row empty, None where rows are no distributions.
        """
        a, b = (source.attention_map() for source in self._sources)
        allowed = None if a.allowed is None or b.allowed is None else a.allowed | b.allowed
        shown = a.shown | b.shown
        asked = runs_between(a.rows, a.columns, self.lens.between)
        rows = np.asarray(asked.any(axis=1))
        weak = asked & (~shown if allowed is None else allowed & ~shown)
        return replace(
            a,
            values=a.values - b.values,
            shown=shown,
            whole=a.whole - b.whole,
            allowed=allowed,
            scale="signed",
            title=self.title,
            formula=self._difference_formula(),
            withheld=_withheld(a, b, weak, rows),
            divergence=self._divergence(rows),
        )

    @property
    def title(self) -> Message:
        """L0·H2 − L1·H8."""
        a, b = (source.title for source in self._sources)
        return Message("derived.difference", {"a": a, "b": b})

    @property
    def _sources(self) -> tuple[Source, Source]:
        a, b = (Source(self.trace, (head,), self.lens) for head in self.heads)
        return a, b

    def _difference_formula(self) -> Message:
        a, b = (source.title for source in self._sources)
        if self.computed:
            names = {"a": a, "b": b, "formula": self.computed[0].formula}
            return Message("comparison.computed", names)
        formula = Message("derived.difference_formula", {"a": a, "b": b})
        if self.is_given:
            return Message("comparison.given", {"formula": formula})
        return with_interventions(formula, self.trace, self.heads)

    def _divergence(self, asked: Bool[np.ndarray, " row"]) -> Float[np.ndarray, " row"] | None:
        """Of the rows that are `asked` for, each with all its columns."""
        if not asked.size:
            return np.zeros(0)
        kind = self.heads[0].kind
        queries, keys = self.trace.query_tokens(kind), self.trace.key_tokens(kind)
        part, _ = self.lens.parts(queries, keys)
        values = [computed.values[part] for computed in self.computed]
        if not values:
            values = [self.trace.weights(head, part) for head in self.heads]
        a, b = (rows_shown(rows, queries, keys, self.lens) for rows in values)
        if not self.computed:
            a, b = (with_sink(self.trace, rows) for rows in (a, b))
        try:
            return np.where(asked, row_divergences(a, b), np.nan)
        except CaptureError:
            return None


def pair_shown(
    trace: Trace, heads: Sequence[HeadId], lens: Lens | None = None
) -> tuple[Shown, ...]:
    """The difference of the first two heads; nothing where there are no two of one kind."""
    pair = tuple(heads[:2])
    lens = lens or Lens()
    if len(pair) < 2 or pair[0].kind != pair[1].kind:
        return ()
    if lens.is_of_layers and pair[0].layer == pair[1].layer:
        return ()
    return (Shown(Difference(trace, pair, lens), style.HEAD_CODES[0]),)


def _withheld(
    a: AttentionMap, b: AttentionMap, weak: np.ndarray, rows: Bool[np.ndarray, " row"]
) -> Withheld:
    """What the lens took from the two, mean over both; weak cells of the `rows` asked for."""
    return replace(
        a.withheld,
        special_share=(a.withheld.special_share + b.withheld.special_share) / 2,
        rows_empty=max(a.withheld.rows_empty, b.withheld.rows_empty),
        weak_hidden=int(weak.sum()),
        weak_share=(a.share(weak, rows) + b.share(weak, rows)) / 2,
        between_share=(a.withheld.between_share + b.withheld.between_share) / 2,
    )


def divergence_words(view: Shown, language: Language) -> list[str]:
    """How far apart the rows are on average, and which the farthest; or why that is not known."""
    divergence = view.map.divergence
    if divergence is None:
        return [] if view.source is None else [say("comparison.no_divergence", language)]
    if np.isnan(divergence).all():  # no row is shown
        return []
    farthest = int(np.nanargmax(divergence))
    return [
        say(
            "comparison.apart",
            language,
            mean=f"{np.nanmean(divergence):.{DIGITS}f}",
            most=f"{divergence[farthest]:.{DIGITS}f}",
            token=view.map.rows[farthest].name,
        )
    ]
