"""Kept once: slow results about a trace are computed once for all who ask, and kept for a while."""

from collections.abc import Callable, Hashable
from functools import update_wrapper
from inspect import signature
from typing import Concatenate, Generic, ParamSpec, TypeVar

from attnviz.core.trace import Trace
from attnviz.errors import CaptureError
from attnviz.runtime.cache import Cache

Options = ParamSpec("Options")
Result = TypeVar("Result")


class CachedByTrace(Generic[Options, Result]):
    """A function of a trace and of options, whose results are kept by all that they depend on.

    Two who ask the same at once compute it once.
    """

    def __init__(self, compute: Callable[Concatenate[Trace, Options], Result]) -> None:
        self._compute = compute
        self._results: Cache[Result] = Cache()
        update_wrapper(self, compute)

    def __call__(self, trace: Trace, *args: Options.args, **options: Options.kwargs) -> Result:
        """The result of the function.

        Raises:
            CaptureError: if the trace is of given weights, which no model can be asked about.
        """
        if trace.model.source == "given":
            raise CaptureError("only_weights")
        key = self.key(trace, *args, **options)
        return self._results.get(key, lambda: self._compute(trace, *args, **options))

    def key(self, trace: Trace, *args: Options.args, **options: Options.kwargs) -> Hashable:
        """All that a result depends on: what the trace is a function of, and every option."""
        bound = signature(self._compute).bind(trace, *args, **options)
        bound.apply_defaults()
        of_trace = (trace.model, trace.text, trace.pair, trace.interventions, trace.target)
        return (*of_trace, *list(bound.arguments.items())[1:])


cached_by_trace = CachedByTrace
