"""Chapters 6 and 8: what they draw is what was computed, and every answer has a second one."""

import re
import string
from dataclasses import replace

import numpy as np
import pytest

import attnviz
from attnviz.analysis import mixing
from attnviz.core.trace import Trace
from attnviz.lessons.chapters import chapter_called
from attnviz.lessons.chapters.c06_heads_or_one.checks import needed_places
from attnviz.lessons.controls import Value
from attnviz.lessons.engine import Chapter, Scene, panel_of
from attnviz.lessons.questions import Question
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import question_layer, question_word
from attnviz.lessons.trained import shipped
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing
from attnviz.texts import LANGUAGES, catalogue
from attnviz.training.record import Snapshot, Training
from attnviz.training.ring import best_of_one_average
from attnviz.training.run import Run
from attnviz.training.target_shares import mean_target_shares
from attnviz.training.tasks import task_called
from tests.figure_readers import all_of, few
from tests.lesson_readers import values

SIX, EIGHT = (chapter_called(number) for number in (6, 8))
CHAPTERS = (SIX, EIGHT)
DIGITS = "314159265358"
CHINESE = "小猫坐在垫子上，看着窗外的雨。"


@pytest.fixture(scope="module")
def machines(minilm: Model) -> Trace:
    return attnviz.trace("Thinking Machines", minilm)


@pytest.fixture(scope="module")
def digits() -> Trace:
    """A sentence in an encoder that cannot be run again, and has no mask token."""
    return attnviz.trace(DIGITS, attnviz.train("eight-looks", heads=2, steps=1).model)


@pytest.fixture(
    scope="module",
    params=["one word", "sixty words", "chinese", "control", "of our own", "first seen", "decoder"],
)
def anything(request: pytest.FixtureRequest, minilm: Model, digits: Trace) -> Trace:
    """Sentences and models that a chapter must stand on."""
    if request.param == "of our own":
        return digits
    if request.param == "first seen":
        return attnviz.trace("四", attnviz.train("first-seen", heads=1, steps=1).model)
    if request.param == "decoder":
        return attnviz.trace("magpiefoxmagpie", attnviz.train("induction", 2, 2, steps=1).model)
    texts = {"one word": "Machines", "chinese": CHINESE, "control": "Thinking Machines"}
    text = texts.get(request.param, " ".join(f"The law is {n}" for n in range(15)))
    return attnviz.trace(text, "minilm-random" if request.param == "control" else minilm)


def drawn(chapter: Chapter, part: str, scene: Scene) -> Drawing:
    """One panel of a chapter."""
    panel = panel_of(next(one for one in chapter.parts if one.name == part), scene)
    assert isinstance(panel, Drawing)
    return panel


def canvases(panel: Drawing) -> list[np.ndarray]:
    """The matrices that are painted."""
    return [one.array for one in panel.root.walk() if one.array is not None]


def trained(run: Run, steps: int = 50) -> Training:
    """A short training that passes for a finished one."""
    found = attnviz.train(run.task, run.heads, run.layers, run.seed, steps)
    last = Snapshot(run.steps, found.snapshots[-1].weights)
    return replace(found, run=run, snapshots=(last,))


# ---- texts


def every_text() -> list[Text]:
    keys = tuple(f"{chapter.key}." for chapter in CHAPTERS)
    return [Text(key) for key in catalogue("en") if key.startswith(keys)]


def fixed(template: str) -> str:
    """A template without its placeholders."""
    return "".join(text for text, *_ in string.Formatter().parse(template))


def holes(template: str) -> set[str]:
    return {hole for _, hole, *_ in string.Formatter().parse(template) if hole}


def test_no_number_is_typed_in_and_both_languages_have_the_same_ones() -> None:
    texts = every_text()
    assert len(texts) > 80
    for text in texts:
        assert not re.search(r"[0-9]", fixed(text["en"]) + fixed(text["zh"])), text
        assert holes(text["en"]) == holes(text["zh"]), text
        assert not re.search(r"[一-鿿][,;:?!()]|[,;:?!()][一-鿿]", text["zh"]), text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_a_chapter_stands_on_anything(chapter: Chapter, anything: Trace) -> None:
    for language in LANGUAGES:
        scene = chapter.scene(anything, language=language)
        figure = chapter.figure(anything, scene)
        for part in chapter.parts:
            panel = figure.panels[part.name]
            assert isinstance(panel, Drawing)
            assert panel.alt
            assert panel.packet
            assert chapter.note(part, scene), part.name
            assert "cannot" not in panel.values, part.name
        for question in chapter.questions:
            assert question.asks(anything, language)
            assert question.explains(anything, language)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_every_answer_can_be_given(chapter: Chapter, anything: Trace) -> None:
    for question in chapter.questions:
        answer = question.answer(anything)
        if question.options is None:
            low, high = question.span(anything)
            assert isinstance(answer, float)
            assert low <= answer <= high
        else:
            assert answer in [option.name for option in question.options(anything)]
        assert question.is_right(anything, answer)


def question(chapter: Chapter, called: str) -> Question:
    return next(q for q in chapter.questions if q.name == called)


# ---- chapter 6


def test_bars_show_what_is_trained_and_dots_for_the_rest(machines: Trace) -> None:
    scene = SIX.scene(machines)
    runs = SIX.runs(scene)
    assert [(run.task.name, run.heads, run.layers) for run in runs] == [
        *(("eight-looks", heads, 1) for heads in (1, 2, 4, 8)),
        ("reverse", 1, 1),
        ("reverse", 8, 1),
    ]
    assert len({run.shape.parameters for run in runs[:4]}) == 1
    panel = drawn(SIX, "bars", scene)
    theory = task_called("eight-looks").theory(layers=1)
    assert values(panel, "div") == [*(shipped()[run].accuracy for run in runs[:4]), theory]
    dots = [one for one in all_of(panel, "number") if one.text == "…"]
    assert len(dots) == 2, "the counter-task does not come with the program"
    assert f"{runs[0].shape.parameters:,}" in panel.root.text


def test_bars_take_what_the_learner_trained(machines: Trace) -> None:
    given: dict[str, Value] = {"task": "two-looks", "seed": 3}
    runs = SIX.runs(SIX.scene(machines, given))
    assert {run.seed for run in runs} == {3}
    mine = replace(shipped()[next(iter(shipped()))], run=runs[1], accuracy=0.5)
    panel = drawn(SIX, "bars", SIX.scene(machines, given, trainings=(mine,)))
    assert values(panel, "div") == [0.5, 0.55]


def test_looks_are_the_mean_over_texts(machines: Trace) -> None:
    training = next(t for run, t in shipped().items() if run.name.startswith("eight-looks-1x8"))
    panel = drawn(SIX, "looks", SIX.scene(machines))
    expected = mean_target_shares(training.model, training.run.task)[0]
    np.testing.assert_allclose(values(panel, "td"), expected.ravel())
    other = drawn(SIX, "looks", SIX.scene(machines, {"seed": 1}))
    assert "1" in str(other.values["notice"])


def test_courses_are_those_of_the_trainings(machines: Trace) -> None:
    scene = SIX.scene(machines, {"task": "two-looks"})
    mine = tuple(trained(run) for run in SIX.runs(scene)[:2])
    scene = SIX.scene(machines, {"task": "two-looks"}, trainings=mine)
    panel = drawn(SIX, "course", scene)
    found = [
        [float(v) for v in one.attributes["data-values"].split()]
        for one in panel.root.walk()
        if one.tag == "polyline"
    ]
    assert found == [[point.accuracy for point in t.history[4::5]] for t in mine]
    stopped = replace(mine[0], snapshots=(Snapshot(9, mine[0].snapshots[-1].weights),))
    scene = SIX.scene(machines, {"task": "two-looks"}, trainings=(stopped,))
    assert "notice" in drawn(SIX, "course", scene).values


def test_one_average_agrees_with_the_other_formula(machines: Trace) -> None:
    answer = question(SIX, "one-head").answer(machines)
    assert answer == pytest.approx(best_of_one_average(2, 10), abs=1e-12)
    assert answer == pytest.approx(task_called("two-looks").theory(layers=1), abs=1e-12)


def test_how_many_places_an_answer_depends_on() -> None:
    names = ("reverse", "two-looks", "four-looks", "eight-looks")
    assert [needed_places(task_called(n)) for n in names] == [1, 2, 4, 8]


def test_one_average_is_drawn_with_its_heads(note: Trace) -> None:
    panel = drawn(SIX, "average", SIX.scene(note, {"layer": 2, "word": 6}))
    (rows,) = canvases(panel)
    np.testing.assert_array_equal(rows, note.layer_weights(2)[:, 6])
    mean = mixing.raw(note)[2, 6]
    np.testing.assert_allclose(values(panel, "div"), mean)
    bars = [e.attributes for e in few(panel).walk() if e.attributes.get("class") == "bar"]
    *shown, others = [float(bar["data-value"]) for bar in bars]
    np.testing.assert_allclose(sorted(shown), np.sort(mean)[-12:])
    assert others == pytest.approx(1 - sum(shown), abs=1e-6)
    assert f"the other {27 - 12} together" in few(panel).text


def test_the_heads_together(anything: Trace) -> None:
    mean = mixing.raw(anything)[question_layer(anything), question_word(anything).position].copy()
    mean[[token.position for token in anything.tokens if token.is_special]] = -1
    assert question(SIX, "together").answer(anything) == str(int(mean.argmax()))
    assert question(SIX, "numbers-held").answer(anything) == "same"
