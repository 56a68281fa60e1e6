"""Every question on models of other shapes: the right answer counts, the others do not."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import attnviz
from attnviz.core.trace import Trace
from attnviz.lessons.chapters import chapters
from attnviz.lessons.questions import Outcome, Question, lettered
from attnviz.lessons.text import Text
from attnviz.texts import LANGUAGES
from attnviz.training.tasks import task_called

QUESTIONS = {f"{c.number}.{q.name}": q for c in chapters() for q in c.questions}
CANNOT = {"5.spare"}  # runs a model again that the menu does not have
SHAPES = {
    "one head": (1, 1, 64, 0),
    "two heads": (2, 1, 64, 0),
    "nine heads": (9, 1, 72, 0),
    "sixteen heads": (16, 1, 64, 0),
    "two layers, r = z": (1, 2, 64, 0),
    "three layers": (3, 3, 66, 8),
}
TEXTS = ("四", "四四", "四是", "四四是四")


def made(name: str, heads: int, layers: int, text: str = "", **changes: object) -> Trace:
    task = replace(task_called(name), **changes)  # type: ignore[arg-type]
    model = attnviz.train(task, heads, layers, steps=1).model
    return attnviz.trace(text or task.alphabet.example, model)


@pytest.fixture(scope="module", params=[*SHAPES, *TEXTS, "no places"])
def odd(request: pytest.FixtureRequest) -> Trace:
    """One to sixteen heads, one to three layers, one to four tokens that may be the same."""
    if request.param in SHAPES:
        heads, layers, width, wide = SHAPES[request.param]
        return made("eight-looks", heads, layers, d_model=width, d_ff=wide)
    if request.param == "no places":
        return made("first-seen", 2, 1, "四四是四", positions="none")
    return made("first-seen", 2, 2, request.param)


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - CANNOT))
def test_one_answer_is_right_and_the_others_are_not(name: str, odd: Trace) -> None:
    question = QUESTIONS[name]
    if question.options is not None:
        options = [option.name for option in question.options(odd)]
        assert [o for o in options if question.is_right(odd, o)] == [question.answer(odd)]
        assert question.has_alternatives(odd) == (len(options) > 1)
        for language in LANGUAGES:
            spoken = [question.spoken(odd, o, language) for o in options]
            assert len(set(spoken)) == len(spoken)
    else:
        right = [question.is_right(odd, number) for number in every_number(question, odd)]
        assert any(right)
        assert sum(right) <= len(right) / 2
    for language in LANGUAGES:
        assert question.explains(odd, language)


def every_number(question: Question, trace: Trace) -> Iterator[float]:
    least, most = question.span(trace)
    yield from np.arange(least, most + question.step / 2, question.step).tolist()


def test_spare_heads_within_a_tenth_of_all(odd: Trace) -> None:
    heads = len(odd.heads)
    for spare in range(heads + 1):
        found = Outcome(float(spare))
        known = replace(QUESTIONS["5.spare"], check=partial(lambda found, _: found, found))
        right = [said for said in every_number(known, odd) if known.is_right(odd, said)]
        assert right == [n for n in range(heads + 1) if abs(n - spare) <= heads / 10]


def test_what_enters_the_last_layer(odd: Trace) -> None:
    """A layer with none below it is entered by the embedding, and its R has not been made yet."""
    question = QUESTIONS["5.entering"]
    last = odd.model.layers - 1
    for option, entering in (
        ("embedding", odd.residual(0)),
        ("r", odd.residual(last if last else 1)),
        ("z", odd.attention_output(max(0, last - 1))),
    ):
        same = np.array_equal(odd.residual(last), entering)
        assert question.is_right(odd, option) == same
    said = {language: question.explains(odd, language) for language in LANGUAGES}
    if last:
        assert f"R of layer {last - 1}" in said["en"]
        assert f"第 {last - 1} 层的 R" in said["zh"]
    else:
        for language in LANGUAGES:
            assert Text(f"{question.key}.no_layer_below")[language] in said[language]


def test_no_option_is_without_a_letter() -> None:
    options = [str(number) for number in range(28)]
    named = lettered(options)
    assert [option for _, option in named] == options
    assert [letter for letter, _ in named[:2] + named[-3:]] == ["A", "B", "Z", "AA", "AB"]
