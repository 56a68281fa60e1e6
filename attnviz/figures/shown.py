"""What a picture shows: one head, or several combined, through a lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from attnviz.analysis.combine import Combination, combined
from attnviz.analysis.describe import ROUNDING, describe
from attnviz.analysis.lens import Lens, View, look
from attnviz.figures import style
from attnviz.figures.picture import sentence, withheld_notes
from attnviz.figures.style import HeadCode
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
from attnviz.words import Language, say


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
        if self.combination is None:
            weights = trace.weights(self.heads[0])
        else:
            weights = combined(trace, self.heads, self.combination)
        return look(weights, trace.tokens, self.lens)

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
            return say(f"picture.given_{how}", language)
        return say(f"picture.formula_{how}", language) + self._sums(language)

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
        unit = "place" if self.view.withheld.no_words else self.lens.unit
        return sentence(describe(drawn, self.view.places), unit, language)

    def notes(self, language: Language) -> list[str]:
        """What is hidden, merged or renormalised."""
        return withheld_notes(self.view.withheld, self.lens, language)


def shown(
    trace: Trace,
    heads: Sequence[tuple[int, int]],
    lens: Lens | None = None,
    combination: Combination | None = None,
) -> tuple[Shown, ...]:
    """Each head in its own colour code, or all of them combined into one.

    Raises:
        ValueError: if there are more heads than colour codes.
    """
    lens = lens or Lens()
    ids = tuple(HeadId(*head) for head in heads)
    if combination is not None:
        return (Shown(trace, ids, lens, style.HEAD_CODES[0], combination),)
    if len(ids) > style.MOST_HEADS:
        raise ValueError(
            f"{len(ids)} heads were asked for, at most {style.MOST_HEADS} can be drawn"
        )
    codes = style.HEAD_CODES[: len(ids)]
    return tuple(Shown(trace, (head,), lens, code) for head, code in zip(ids, codes, strict=True))
