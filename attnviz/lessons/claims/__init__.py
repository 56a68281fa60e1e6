"""Claims on trial: each claim of the note, with a statistic that judges it on a sentence.

Files by theme, each with `CLAIMS`; found by discovery, so a new claim is one entry in one of
them, and its texts in the file of texts that is called the same. The contract: a judge is pure,
reads the tensors of the trace or of an experiment, and decides by a rule whose thresholds are
said. It knows nothing of the control: the same judge is asked about the same sentence with
random weights, and what it finds stands beside.
No text holds a number of its own, and what a text says, it says of one verdict or of all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool

from attnviz.core.intervention import Intervention
from attnviz.core.trace import Trace
from attnviz.digits import error_at_most
from attnviz.errors import AttnvizError, LessonError
from attnviz.experiments.control import control
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import heads_on
from attnviz.texts import catalogue

Verdict = Literal["every", "average", "holds", "fails", "cannot"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
# for every head · on average only · holds · does not hold · cannot be tried here
SEEN = 0.01  # from here on, an error is said in percent


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
    control: "Trial | None" = None  # of the same sentence with random weights
    is_random: bool = False  # whether the model judged has random weights itself
    interventions: tuple[Intervention, ...] = ()  # what was changed in the run
    problem: AttnvizError | None = None  # why it cannot be tried


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the note, and how it is judged."""

    name: str
    chapter: int
    judge: Callable[[Case], Trial]
    rule_numbers: Mapping[str, object] = field(default_factory=dict)
    of_model: bool = True  # False: decided by encoders trained for a task, not by the sentence
    key: str = ""  # of its texts: its file gives it

    @property
    def claim(self) -> Text:
        """What the note says, in our own words."""
        return Text(f"{self.key}.claim")

    @property
    def statistic(self) -> Text:
        """What was measured here; placeholders from `Trial.numbers`.

        With `control_` before them, from those of the control.
        """
        return Text(f"{self.key}.statistic")

    @property
    def rule(self) -> Text:
        """How the verdict follows; placeholders from `rule_numbers`."""
        return Text(f"{self.key}.rule")

    @property
    def says(self) -> Text:
        """What is true whatever the verdict; placeholders from `Trial.numbers`."""
        return Text(f"{self.key}.says")

    @property
    def then(self) -> dict[Verdict, Text]:
        """What follows from each verdict that the rule can give."""
        texts = {verdict: Text(f"{self.key}.then.{verdict}") for verdict in VERDICTS}
        return {verdict: text for verdict, text in texts.items() if text.key in catalogue("en")}

    @property
    def compares(self) -> bool:
        """Whether its statistic names numbers of the control."""
        return "{control_" in self.statistic["en"]


@cache
def claims() -> tuple[Claim, ...]:
    """All claims of the note, in its order."""
    by_theme = [
        replace(claim, key=f"claims.{theme.name}.{claim.name}")
        for theme in iter_modules(__path__)
        for claim in import_module(f"{__name__}.{theme.name}").CLAIMS
    ]
    return tuple(sorted(by_theme, key=lambda claim: int(claim.name.removeprefix("C"))))


def try_claim(claim: Claim, case: Case) -> Trial:
    """A claim judged on a sentence, and on its control; where that cannot be, the reason."""
    try:
        if claim.of_model:
            need_one_text(case.trace)
        trial = claim.judge(case)
        if not claim.of_model:
            return trial
        on_control = _on_control(claim, case, trial)
    except AttnvizError as problem:
        return Trial("cannot", problem=problem.with_traceback(None))  # it would hold the trace
    control_numbers = {} if on_control is None else on_control.numbers
    numbers = {f"control_{n}": v for n, v in control_numbers.items()}
    return replace(
        trial,
        numbers={**trial.numbers, **numbers},
        control=on_control,
        is_random=case.trace.model.source == "control",
        interventions=case.trace.interventions,
    )


def _on_control(claim: Claim, case: Case, trial: Trial) -> Trial | None:
    """The trial of the control; None where there is none, and none is named.

    Raises:
        AttnvizError: if there is none, and the statistic names its numbers.
    """
    if case.trace.model.source == "control":
        return trial
    try:
        return claim.judge(replace(case, trace=control(case.trace)))
    except AttnvizError:
        if claim.compares:
            raise
        return None


def need_one_text(trace: Trace) -> None:
    """Make sure that a text looks at itself: that is what the note is about.

    Raises:
        LessonError: if it looks at another.
    """
    if trace.kinds == ("cross",):
        raise LessonError("two_texts_tried")


def need_words(trace: Trace, least: int) -> None:
    """Make sure that a sentence has enough tokens that are words, or pieces of them.

    Raises:
        LessonError: if it has not.
    """
    content = [token for token in trace.tokens if not token.is_special]
    if len(content) < least:
        words = len({token.word for token in content} - {None})
        raise LessonError("one_word", least=least, words=words)


def need_heads(trace: Trace) -> None:
    """Make sure that a layer has several heads: one head is never compared with itself.

    Raises:
        LessonError: if it has one.
    """
    if trace.model.heads < 2:
        raise LessonError("one_head", model=trace.model)


def need_layers(trace: Trace) -> None:
    """Make sure that there are several layers: one layer is never compared with itself.

    Raises:
        LessonError: if there is one.
    """
    if trace.model.layers < 2:
        raise LessonError("one_layer", model=trace.model)


def all_heads_on(trace: Trace) -> dict[int, list[int]]:
    """The heads that write, layer by layer, without layers where none does.

    Raises:
        LessonError: if all are switched off.
    """
    on = {layer: heads_on(trace, layer) for layer in range(trace.model.layers)}
    if not any(on.values()):
        raise LessonError("all_heads_off")
    return {layer: heads for layer, heads in on.items() if heads}


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


def portion(error: float) -> str:
    """An error as text: in percent where it is one that can be seen."""
    return f"{error:.0%}" if error >= SEEN else tiny(error)
