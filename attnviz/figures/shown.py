"""What a picture shows: one head, or several combined, through a lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from attnviz import checks
from attnviz.analysis.combine import Combination, combined
from attnviz.analysis.describe import describe
from attnviz.analysis.lens import Lens, View, look
from attnviz.errors import InterventionError
from attnviz.figures import style
from attnviz.figures.asked import check_trace, lens_of
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
        """How the drawn numbers come from q and k, or that they were given."""
        key = "formula" if self.trace.model.source != "given" else "given"
        return say(f"picture.{key}_{self.combination or 'weights'}", language)

    def says(self, language: Language) -> str:
        """What the head does here, from all tokens; nothing for several heads combined."""
        if self.combination is not None:
            return ""
        trace = self.trace
        return sentence(describe(trace.weights(self.heads[0]), trace.tokens), language)

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
