"""Experiments: a model is run again, changed, to answer a question about a trace.

One file an experiment, with an `@experiment` of the file's name; found by discovery, so a new
experiment is one new file. The contract: a pure function of a trace and of options. It changes
the run that the trace is of: what was changed there stays so. Its result is kept once for all
who ask, by everything that it depends on.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from attnviz.experiments.cached_by_trace import CachedByTrace, Options, Result


class Experiment(CachedByTrace[Options, Result]):
    """A question about a trace that is answered by running its model again."""


experiment = Experiment


@cache
def experiments() -> dict[str, Experiment[Any, Any]]:
    """All experiments, by name."""
    found = {}
    for module in iter_modules(__path__):
        one = getattr(import_module(f"{__name__}.{module.name}"), module.name, None)
        if isinstance(one, Experiment):
            found[module.name] = one
    return found
