"""What a picture shows: one head, or several combined, through a lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from attnviz.analysis.combine import Combination, combined
from attnviz.analysis.describe import describe
from attnviz.analysis.distribution import above, below, sum_to_one
from attnviz.analysis.lens import Lens, View, look
from attnviz.errors import CaptureError
from attnviz.figures import style
from attnviz.figures.picture import sentence, withheld_notes
from attnviz.figures.style import HeadCode
from attnviz.tracing.given import GivenTrace
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
from attnviz.tracing.weights import row_sums
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
        allowed = trace.allowed_in(self.heads) if isinstance(trace, GivenTrace) else None
        return look(self._weights, trace.tokens, self.lens, allowed)

    @property
    def _weights(self) -> np.ndarray:
        """The weights before the lens."""
        if self.combination is None:
            return self.trace.weights(self.heads[0])
        return combined(self.trace, self.heads, self.combination)

    def name(self, language: Language) -> str:
        """L0·H2, or "mean of L0·H2, L1·H8"."""
        heads = ", ".join(str(head) for head in self.heads)
        if self.combination is None:
            return heads
        return say(f"picture.{self.combination}_of", language, heads=heads)

    def formula(self, language: Language) -> str:
        """How the drawn numbers come from q and k, or that they were given."""
        key = "formula" if self.trace.model.source != "given" else "given"
        said = say(f"picture.{key}_{self.combination or 'weights'}", language)
        return said if key == "formula" else with_sums(said, row_sums(self._weights), language)

    def says(self, language: Language) -> str:
        """What the head does here, from all tokens; nothing for several heads combined."""
        if self.combination is not None:
            return ""
        try:
            found = describe(self._weights, self.trace.tokens)
        except CaptureError as error:  # given weights that are no distributions
            return error.text(language)
        return sentence(found, language)

    def notes(self, language: Language) -> list[str]:
        """What is hidden, merged or renormalised."""
        return withheld_notes(self.view.withheld, self.lens, language)


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
