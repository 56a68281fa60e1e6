"""The verdict sheet: each claim with the prediction, the number, its control, the verdict."""

from typing import Literal, get_args

from attnviz.lessons.claims import Claim, Trial, Verdict
from attnviz.words import Language, say

Guess = Literal["holds", "average", "fails"]
GUESSES: tuple[Guess, ...] = get_args(Guess)


def agrees(guess: Guess, verdict: Verdict) -> bool:
    """Whether a prediction came true. Holding for every head is holding."""
    return guess == ("holds" if verdict == "every" else verdict)


def spoken(claim: Claim, trial: Trial, language: Language) -> str:
    """What was measured, beside the control; or why it could not be."""
    if trial.problem is not None:
        return trial.problem.text(language)
    return claim.statistic.filled(language, trial.numbers)


def judged(claim: Claim, trial: Trial, language: Language) -> str:
    """How the verdict follows, and what is true today."""
    rule = claim.rule.filled(language, claim.rule_numbers)
    comment = claim.says.filled(language, trial.numbers) if trial.problem is None else ""
    where = say("walk.see_chapter", language, chapter=claim.chapter)
    return " ".join(
        part for part in (say("walk.rule", language, rule=rule), comment, where) if part
    )
