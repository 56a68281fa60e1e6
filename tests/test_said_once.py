"""An answer is said once: the sentence after it says why, and not the answer again."""

import re

import pytest

import attnviz
from attnviz.core.trace import Trace
from attnviz.lessons.questions import Question
from attnviz.texts import LANGUAGES, Language

QUESTIONS = [question for chapter in attnviz.chapters() for question in chapter.questions]
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)(?! ?%)")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
def test_an_answer_is_not_said_again(note: Trace, question: Question, language: Language) -> None:
    answer, explained = question.answer(note), question.explains(note, language)
    if isinstance(answer, str):
        assert question.offers(note, language)[answer].lower() not in explained.lower()
        return
    beginning = re.split(r"[。.:：；;]\s", explained)[0]
    assert not [
        number
        for number in NUMBER.findall(beginning)
        if round(float(number), 2) == pytest.approx(round(answer, 2))
    ]


@pytest.mark.parametrize(
    ("chapter", "name", "told"),
    [(2, "undivided", "Right answer: 0.9999999, rounded."), (3, "wider", "Right answer: 5. One")],
)
def test_a_number_is_said_with_one_rounding(
    note: Trace, chapter: int, name: str, told: str
) -> None:
    (asked,) = (q for q in attnviz.chapters()[chapter - 1].questions if q.name == name)
    assert asked.tells(note, "en").startswith(told)
