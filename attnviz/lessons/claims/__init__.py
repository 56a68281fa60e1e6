"""Claims on trial: each claim of the note, with a statistic that judges it on a sentence.

Files by theme, each with `CLAIMS`; found by discovery, so a new claim is one entry in one of
them. The contract: a judge is pure, reads the tensors of the trace or of a lab experiment,
and decides by a rule whose thresholds are said. No text holds a number of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

import numpy as np
from jaxtyping import Bool

from attnviz.errors import AttnvizError, LessonError
from attnviz.figures.digits import error_at_most
from attnviz.lessons.text import Text
from attnviz.tracing.record import Trace

Verdict = Literal["every", "average", "holds", "fails", "cannot"]
# for every head · on average only · holds · does not hold · cannot be tried here


@dataclass(frozen=True, slots=True)
class Case:
    """What a claim is judged on."""

    trace: Trace
    hide_special: bool = False  # drop special tokens and renormalise, where it applies


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found, and what follows."""

    verdict: Verdict
    numbers: Mapping[str, object] = field(default_factory=dict)  # of `statistic` and `says`
    value: float | None = None  # on which the rule decides
    control_value: float | None = None  # the same with random weights; None: none is needed
    problem: AttnvizError | None = None  # why it cannot be tried


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the note, and how it is judged."""

    name: str
    chapter: int
    claim: Text  # what the note says, in our own words
    statistic: Text  # what was measured here; placeholders from `Trial.numbers`
    rule: Text  # how the verdict follows; placeholders from `rule_numbers`
    judge: Callable[[Case], Trial]
    says: Text  # what is true today; placeholders from `Trial.numbers`
    rule_numbers: Mapping[str, object] = field(default_factory=dict)


@cache
def claims() -> tuple[Claim, ...]:
    """All claims of the note, in its order."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    found = [claim for module in modules for claim in module.CLAIMS]
    return tuple(sorted(found, key=lambda claim: int(claim.name.removeprefix("C"))))


def try_claim(claim: Claim, case: Case) -> Trial:
    """A claim judged on a sentence; where that cannot be, the reason."""
    try:
        return claim.judge(case)
    except AttnvizError as problem:
        return Trial("cannot", problem=problem)


def need_words(trace: Trace, least: int) -> None:
    """Make sure that a sentence has enough tokens that are words, or pieces of them.

    Raises:
        LessonError: if it has not.
    """
    content = [token for token in trace.tokens if not token.is_special]
    if len(content) < least:
        words = len({token.word for token in content} - {None})
        raise LessonError("one_word", least=least, words=words)


def over_heads(agree: Bool[np.ndarray, "*head"], on_average: bool) -> Verdict:
    """The verdict on a claim about heads."""
    if agree.all():
        return "every"
    return "average" if on_average else "fails"


def holds_if(agrees: bool) -> Verdict:
    """The verdict on a claim that is true or not."""
    return "holds" if agrees else "fails"


def tiny(error: float) -> str:
    """An error of rounding as text: no error is larger than it says."""
    return error_at_most(error)
