"""Once: slow answers about a sentence are computed once for all who ask, and kept for a while."""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TypeVar

from attnviz.core.trace import Trace
from attnviz.runtime.cache import Cache

Answer = TypeVar("Answer")


def once(work: Callable[[Trace], Answer]) -> Callable[[Trace], Answer]:
    """Keep answers of a function of a trace, by what the trace is a function of.

    Two who ask the same at once compute it once.
    """
    answers: Cache[Answer] = Cache()

    @wraps(work)
    def ask(trace: Trace) -> Answer:
        return answers.get(_key(trace), lambda: work(trace))

    return ask


def _key(trace: Trace) -> Hashable:
    card = trace.model
    return card.name, card.revision, trace.text, trace.pair, trace.interventions
