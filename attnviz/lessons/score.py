"""The score: how many predictions of a learner came true, in all chapters."""

from collections.abc import Mapping
from typing import NamedTuple

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.lessons.link import question_of
from attnviz.lessons.questions import Answer, read_named


class Score(NamedTuple):
    """How many of the answers were right."""

    right: int
    answered: int


def score(trace: Trace, answers: Mapping[str, Answer]) -> Score:
    """The score on a sentence. Answers that it cannot judge are not counted."""
    judged = [_is_right(trace, key, answer) for key, answer in answers.items()]
    return Score(judged.count(True), len(judged) - judged.count(None))


def _is_right(trace: Trace, key: str, said: Answer) -> bool | None:
    """Whether an answer is right; None where it is about a head that the model has not."""
    question = question_of(key)
    _, values = read_named(key)
    if question is None or any(isinstance(v, HeadId) and v not in trace.heads for v in values):
        return None
    try:
        return question.is_right(trace, said) if question.has_alternatives(trace) else None
    except AttnvizError:
        return None
