"""What a picture shows: one head, or several combined, through a lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from jaxtyping import Float

from attnviz import checks
from attnviz.analysis.combine import Combination
from attnviz.analysis.describe import ROUNDING, describe
from attnviz.analysis.distribution import above, below, check_distribution, sum_to_one
from attnviz.analysis.lens import Lens, View, look_at
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, InterventionError
from attnviz.pictures import style
from attnviz.pictures.asked import check_trace, lens_of
from attnviz.pictures.facts import changes, with_changes
from attnviz.pictures.picture import sentence, withheld_notes
from attnviz.pictures.style import HeadCode
from attnviz.texts import Language, say


@dataclass(frozen=True)
class Shown:
    """One map of attention to be drawn, with its words.

    `heads` holds one head, or all that `combination` puts together.
    """

    trace: Trace
    heads: tuple[HeadId, ...]
    lens: Lens
    code: HeadCode
    combination: Combination | None = None

    @cached_property
    def view(self) -> View:
        """The weights through the lens."""
        trace = self.trace
        allowed = trace.allowed_in(self.heads)
        heads = map(trace.weights, self.heads)
        return look_at(heads, trace.tokens, self.lens, self.combination or "mean", allowed)

    @property
    def _whole_sums(self) -> tuple[float, float]:
        """The smallest and the largest sum of a row, hidden special tokens included."""
        whole = self.view.whole
        return (float(whole.min()), float(whole.max())) if whole.size else (1.0, 1.0)

    def name(self, language: Language) -> str:
        """L0·H2, or "mean of L0·H2, L1·H8"."""
        heads = ", ".join(str(head) for head in self.heads)
        if self.combination is None:
            return heads
        return say(f"picture.{self.combination}_of", language, heads=heads)

    def formula(self, language: Language) -> str:
        """How the drawn numbers come from q and k and what rows sum to, or that they were given."""
        how = self.combination or "weights"
        if self.trace.model.source == "given":
            return with_sums(say(f"picture.given_{how}", language), self._whole_sums, language)
        formula = say(f"picture.formula_{how}", language)
        return with_changes(formula, self.trace, self.heads, language) + self._sums(language)

    def _sums(self, language: Language) -> str:
        """What each drawn row sums to; nothing where the lens hides a part of it."""
        sums = self._drawn.sum(axis=1)
        if not sums.size or sums.min() < 1 - ROUNDING:
            return ""
        more = self.combination == "maximum" or sums.max() > 1 + ROUNDING
        return say("picture.rows_more" if more else "picture.rows_one", language)

    @property
    def _drawn(self) -> Float[np.ndarray, "query key"]:
        """The weights that are shown; what is hidden is 0."""
        return np.where(self.view.shown, self.view.weights, 0)

    def says(self, language: Language) -> str:
        """What is shown does here, by the weights that are shown; nothing for a maximum.

        The maximum of several heads is no attention of any: its rows sum to more than 1.
        """
        drawn = self._drawn
        if self.combination == "maximum" or not drawn.any():
            return ""
        if self.trace.model.source == "given":
            try:
                for head in self.heads:
                    check_distribution(self.trace.weights(head))
            except CaptureError as error:
                return error.text(language)
        unit = "place" if self.view.withheld.no_words else self.lens.unit
        return sentence(describe(drawn, self.view.places), unit, language)

    def notes(self, language: Language) -> list[str]:
        """What was changed in the model, and what is hidden, merged or renormalised."""
        withheld = withheld_notes(self.view.withheld, self.lens, self.combination, language)
        return [*changes(self.trace, language), *withheld]

    def alt(self, language: Language) -> str:
        """What it does here and its notes, as text alternatives say them."""
        return " ".join(text for text in [self.says(language), *self.notes(language)] if text)


def with_sums(formula: str, sums: tuple[float, float], language: Language) -> str:
    """A formula with the range of row sums, rounded outward, where they are not all 1."""
    if sum_to_one(*sums):
        return formula
    low, high = below(sums[0]), above(sums[1])
    return say("picture.row_sums", language, formula=formula, low=low, high=high)


def shown(
    trace: Trace,
    heads: Sequence[tuple[int, int]],
    lens: Lens | None = None,
    combination: Combination | None = None,
) -> tuple[Shown, ...]:
    """Each head in its own colour code, or all of them combined into one.

    Raises:
        ArgumentError: if there are no heads, or something else is not what it should be.
        InterventionError: if the model has no such head, or there are more than colour codes.
    """
    check_trace(trace)
    lens, ids = lens_of(lens), trace.check_heads(heads)
    if combination is not None:
        checks.one_of("combination", combination, get_args(Combination))
        return (Shown(trace, ids, lens, style.HEAD_CODES[0], combination),)
    if len(ids) > style.MOST_HEADS:
        raise InterventionError("too_many_heads", heads=len(ids), most=style.MOST_HEADS)
    codes = style.HEAD_CODES[: len(ids)]
    return tuple(Shown(trace, (head,), lens, code) for head, code in zip(ids, codes, strict=True))
