"""The verdict sheet: each claim with the prediction, the number, its control, the verdict."""

from typing import Literal, get_args

from attnviz.core.intervention import named
from attnviz.lessons.claims import Claim, Trial, Verdict
from attnviz.texts import Language, running, say

Guess = Literal["holds", "average", "fails"]
GUESSES: tuple[Guess, ...] = get_args(Guess)


def agrees(guess: Guess, verdict: Verdict) -> bool:
    """Whether a prediction came true. Holding for every head is holding."""
    return guess == ("holds" if verdict == "every" else verdict)


def spoken(claim: Claim, trial: Trial, language: Language) -> str:
    """What was measured, beside the control; or why it could not be."""
    if trial.problem is not None:
        return trial.problem.text(language)
    measured = claim.statistic.filled(language, trial.numbers)
    changes = named(trial.interventions, language)
    changed = say("walk.trial_changed", language, changes=changes) if changes else ""
    return running([measured, beside(claim, trial, language), changed])


def beside(claim: Claim, trial: Trial, language: Language) -> str:
    """What the verdict says of training: the verdict on random weights beside it."""
    if not claim.of_model:
        return say("walk.beside_task", language)
    if trial.is_random:
        return say("walk.beside_random", language)
    if trial.control is None:
        return ""
    verdict, control = trial.verdict, trial.control.verdict
    kind = (
        "same" if verdict == control else "more" if _holds(verdict) < _holds(control) else "other"
    )
    if kind == "more" and not _holds(verdict):
        kind = "other"  # it does not hold here, so the control takes nothing from it
    return say(f"walk.beside_{kind}", language, verdict=say(f"verdict.{control}", language))


def _holds(verdict: Verdict) -> int:
    """How far a claim holds: not, on average, wholly."""
    return {"every": 2, "holds": 2, "average": 1}.get(verdict, 0)


def judged(claim: Claim, trial: Trial, language: Language) -> str:
    """How the verdict follows, what follows from it, and what is true today."""
    rule = say("walk.rule", language, rule=claim.rule.filled(language, claim.rule_numbers))
    comments = []
    if trial.problem is None:
        texts = (claim.then[trial.verdict], claim.says)
        comments = [text.filled(language, trial.numbers) for text in texts]
    where = say("walk.see_chapter", language, chapter=claim.chapter)
    return running([rule, *comments, where])
