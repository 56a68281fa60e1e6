"""Once: slow answers about a sentence are computed once for all who ask, and kept for a while."""

from collections.abc import Callable, Hashable
from functools import cache, wraps
from typing import TypeVar

from attnviz.budget.kept import Kept
from attnviz.budget.settings import settings
from attnviz.tracing.record import Trace

Answer = TypeVar("Answer")


def once(
    kept: int | None = None,
) -> Callable[[Callable[[Trace], Answer]], Callable[[Trace], Answer]]:
    """Keep answers of a function of a trace, by what the trace is a function of.

    As many as the settings say, or `kept`. Two who ask the same at once compute it once.
    """

    def decorate(work: Callable[[Trace], Answer]) -> Callable[[Trace], Answer]:
        @cache
        def answers() -> Kept[Answer]:
            chosen = settings()
            return Kept(kept or chosen.experiment_entries, chosen.experiment_mb)

        @wraps(work)
        def ask(trace: Trace) -> Answer:
            return answers().get(_key(trace), lambda: work(trace))

        return ask

    return decorate


def _key(trace: Trace) -> Hashable:
    card = trace.model
    return card.name, card.revision, trace.text, trace.pair, trace.interventions
