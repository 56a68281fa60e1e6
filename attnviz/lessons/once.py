"""Once: slow answers are computed once for all who ask, and a bounded number is kept."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import TypeVar

from attnviz.tracing.record import Trace

Answer = TypeVar("Answer")


def once(kept: int) -> Callable[[Callable[[Trace], Answer]], Callable[[Trace], Answer]]:
    """Keep the last `kept` answers of a function of a trace, by what the trace is a function of.

    Two who ask the same at once compute it once: the second waits for the first.
    """

    def decorate(work: Callable[[Trace], Answer]) -> Callable[[Trace], Answer]:
        answers: OrderedDict[Hashable, Answer] = OrderedDict()
        locks: dict[Hashable, threading.Lock] = {}
        registry = threading.Lock()

        @wraps(work)
        def ask(trace: Trace) -> Answer:
            key = _key(trace)
            with registry:
                lock = locks.setdefault(key, threading.Lock())
            with lock:
                if key not in answers:
                    answer = work(trace)
                    with registry:
                        answers[key] = answer
                        while len(answers) > kept:
                            locks.pop(answers.popitem(last=False)[0], None)
                    return answer
                return answers[key]

        return ask

    return decorate


def _key(trace: Trace) -> Hashable:
    card = trace.model
    return card.name, card.revision, trace.text, trace.pair, trace.interventions
