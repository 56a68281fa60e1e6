"""Chapters 6 and 8: what they draw is what was computed, and every answer has a second one."""

import re
import string
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import attnviz
from attnviz.analysis import mixing
from attnviz.core.trace import Trace
from attnviz.errors import LessonError
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.lessons.chapters import chapter_called
from attnviz.lessons.chapters.c06_heads_or_one.checks import needed_places
from attnviz.lessons.chapters.c08_stacking.hops import TEXTS
from attnviz.lessons.controls import Value
from attnviz.lessons.engine import Chapter, Scene, panel_of
from attnviz.lessons.questions import Question
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import question_layer, question_word
from attnviz.lessons.trained import shipped
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing, Element
from attnviz.texts import LANGUAGES, catalogue
from attnviz.training.record import Snapshot, Training
from attnviz.training.ring import best_of_one_average
from attnviz.training.run import Run
from attnviz.training.target_shares import mean_target_shares
from attnviz.training.tasks import task_called
from tests.lesson_readers import adds

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
    params=["one word", "sixty words", "chinese", "control", "of our own", "first seen"],
)
def anything(request: pytest.FixtureRequest, minilm: Model, digits: Trace) -> Trace:
    """Sentences and models that a chapter must stand on."""
    if request.param == "of our own":
        return digits
    if request.param == "first seen":
        return attnviz.trace("四", attnviz.train("first-seen", heads=1, steps=1).model)
    texts = {"one word": "Machines", "chinese": CHINESE, "control": "Thinking Machines"}
    text = texts.get(request.param, " ".join(f"The law is {n}" for n in range(15)))
    return attnviz.trace(text, "minilm-random" if request.param == "control" else minilm)


def drawn(chapter: Chapter, part: str, scene: Scene) -> Drawing:
    """One panel of a chapter."""
    panel = panel_of(next(one for one in chapter.parts if one.name == part), scene)
    assert isinstance(panel, Drawing)
    return panel


def all_of(panel: Drawing, class_: str) -> list[Element]:
    """Every element of a class, in the order of reading."""
    return [one for one in panel.root.walk() if class_ in one.attributes.get("class", "").split()]


def values(panel: Drawing | Element, tag: str) -> list[float]:
    """The numbers behind what is drawn."""
    root = panel.root if isinstance(panel, Drawing) else panel
    return [
        float(one.attributes["data-value"])
        for one in root.walk()
        if one.tag == tag and "data-value" in one.attributes
    ]


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


def test_the_block_has_the_sizes_of_the_model(machines: Trace, digits: Trace) -> None:
    for trace in (machines, digits):
        panel = drawn(SIX, "block", SIX.scene(trace))
        heads, tokens, d_head = trace.queries(0).shape
        d_model = trace.residual(0).shape[1]
        linear = f"{heads} × ({d_model} → {d_head})"
        assert [one.text for one in all_of(panel, "shape")] == [
            *[f"{tokens} × {d_model}", linear] * 3,
            f"{heads} × ({tokens} × {d_head})",
            "{} × {}".format(*trace.record(0).concat.shape),
            "{} → {}".format(*trace.learned[0].output.weight.shape),
            f"{tokens} × {d_model}",
        ]
        titles = [one.text for one in panel.root.walk() if one.tag == "strong"]
        assert titles[:6:2] == ["V = x", "K = x", "Q = x"]
        assert trace.model.title in panel.root.text


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
    known = [shipped()[runs[0]].accuracy, shipped()[runs[3]].accuracy]
    assert values(panel, "div") == [*known, theory]
    dots = [one for one in all_of(panel, "number") if one.text == "…"]
    assert len(dots) == len(runs) - 2
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
    assert answer == pytest.approx(best_of_one_average(8, 10), abs=1e-12)
    run = SIX.runs(SIX.scene(machines))[0]
    assert question(SIX, "one-head").is_right(machines, shipped()[run].accuracy)


def test_how_many_places_an_answer_depends_on() -> None:
    names = ("reverse", "two-looks", "four-looks", "eight-looks")
    assert [needed_places(task_called(n)) for n in names] == [1, 2, 4, 8]


def test_one_average_is_drawn_with_its_heads(note: Trace) -> None:
    panel = drawn(SIX, "average", SIX.scene(note, {"layer": 2, "word": 6}))
    (rows,) = canvases(panel)
    np.testing.assert_array_equal(rows, note.layer_weights(2)[:, 6])
    np.testing.assert_allclose(values(panel, "div"), mixing.raw(note)[2, 6])


def test_the_heads_together(anything: Trace) -> None:
    mean = mixing.raw(anything)[question_layer(anything), question_word(anything).position].copy()
    mean[[token.position for token in anything.tokens if token.is_special]] = -1
    assert question(SIX, "together").answer(anything) == str(int(mean.argmax()))
    assert question(SIX, "numbers-held").answer(anything) == "same"


# ---- chapter 8


def test_the_stack_shows_the_vectors_of_two_words(machines: Trace) -> None:
    scene = EIGHT.scene(machines, {"layer": 2, "word": 1})
    panel = drawn(EIGHT, "stack", scene)
    expected = [machines.residual(2)]
    for layer in (2, 3):
        expected += [
            machines.attention_output(layer),
            machines.after_attention(layer),
            machines.residual(layer + 1),
        ]
    for found, whole in zip(canvases(panel), expected, strict=True):
        np.testing.assert_array_equal(found, whole[[1, 2]])
    names = [one.attributes["data-rows"] for one in panel.root.walk() if one.tag == "canvas"]
    assert set(names) == {"thinking (1)\nmachines (2)"}


def test_the_last_layer_has_none_above_it(machines: Trace, digits: Trace) -> None:
    assert len(canvases(drawn(EIGHT, "stack", EIGHT.scene(machines, {"layer": 5})))) == 4
    panel = drawn(EIGHT, "stack", EIGHT.scene(digits))
    assert len(canvases(panel)) == 4
    assert Text(f"{EIGHT.key}.figure.no_feed_forward")["en"] in panel.root.text


def meters(trace: Trace) -> np.ndarray:
    """All four, "layer query key meter"."""
    moved = mixing.mask_shares(each_token_masked(trace))
    return np.stack([mixing.raw(trace), mixing.rollout(trace), mixing.norm_shares(trace), moved], 3)


def test_whose_shows_the_own_shares(machines: Trace) -> None:
    panel = drawn(EIGHT, "whose", EIGHT.scene(machines, {"word": 2}))
    expected = meters(machines)[:, 2, 2]
    np.testing.assert_allclose(np.reshape(values(panel, "td"), (6, 4)), expected, atol=1e-6)
    lines = [
        [float(v) for v in one.attributes["data-values"].split()]
        for one in panel.root.walk()
        if one.tag == "polyline"
    ]
    np.testing.assert_allclose(lines, expected.T, atol=1e-6)


def test_shares_show_the_whole_row(note: Trace) -> None:
    panel = drawn(EIGHT, "shares", EIGHT.scene(note, {"layer": 3, "word": 7}))
    table = np.reshape(values(panel, "td"), (27, 4))
    np.testing.assert_allclose(table, meters(note)[3, 7], atol=1e-6)
    np.testing.assert_allclose(table.sum(axis=0), 1, atol=1e-5)
    (marked,) = all_of(panel, "marked")
    assert float(marked.attributes["data-value"]) == table[7, 3]
    rows = [e.text for e in panel.root.walk() if e.attributes.get("scope") == "row"]
    assert rows == [token.name for token in note.tokens]


def test_three_meters_where_nothing_can_be_masked(digits: Trace) -> None:
    with pytest.raises(LessonError) as caught:
        each_token_masked(digits)
    for language in LANGUAGES:
        scene = EIGHT.scene(digits, language=language)
        for part in ("whose", "shares"):
            panel = drawn(EIGHT, part, scene)
            (notice,) = all_of(panel, "notice")
            assert caught.value.text(language) in notice.text
            assert len(values(panel, "td")) == 3 * (12 if part == "shares" else 1)


def test_the_parts_are_drawn_and_add_up(note: Trace) -> None:
    panel = drawn(EIGHT, "identity", EIGHT.scene(note, {"layer": 4, "word": 3}))
    parts, (added, z) = canvases(panel)
    assert parts.shape == (28, 384)
    np.testing.assert_allclose(parts.sum(axis=0), note.after_attention(4)[3], atol=1e-5)
    np.testing.assert_array_equal(z, note.after_attention(4)[3])
    error = float(np.abs(added - z).max())
    assert error < 1e-5
    said = re.search(r"largest difference between the sum and z: ([\d.e-]+)", panel.root.text)
    assert said is not None
    assert error <= float(said[1]) <= 2 * error


@pytest.mark.parametrize("number", TEXTS)
def test_pointers_are_followed(machines: Trace, number: int) -> None:
    panel = drawn(EIGHT, "hops", EIGHT.scene(machines, {"pointers": number}))
    task = task_called("two-hop")
    symbols = np.array([[int(digit) for digit in panel.values["text"]]])
    first, second = task.targets(symbols)[:, 0]
    followed = panel.values["followed"]
    assert [one.first for one in followed] == first.tolist()
    assert [one.second for one in followed] == second.tolist()
    assert [one.right for one in followed] == [str(n) for n in task.answers(symbols)[0, :, 0]]
    assert [one.said for one in followed] == [one.right for one in followed]
    deep = shipped()[EIGHT.runs(EIGHT.scene(machines))[-1]]
    seen = attnviz.trace(panel.values["text"], deep.model)
    places = np.arange(8)
    both = np.stack([seen.weights((0, 0))[places, first], seen.weights((1, 0))[places, second]], 1)
    np.testing.assert_array_equal(values(panel, "td"), both.ravel())
    assert both.min() > 0.5


def test_hops_show_what_is_trained(machines: Trace) -> None:
    scene = EIGHT.scene(machines)
    runs = EIGHT.runs(scene)
    assert [(run.task.name, run.layers, run.heads) for run in runs] == [
        ("one-hop", 1, 1),
        ("two-hop", 1, 1),
        ("two-hop", 2, 1),
    ]
    panel = drawn(EIGHT, "hops", scene)
    assert values(panel, "div") == [shipped()[run].accuracy for run in runs[1:]]
    mine = replace(shipped()[runs[2]], run=runs[0], accuracy=0.5)
    panel = drawn(EIGHT, "hops", EIGHT.scene(machines, trainings=(mine,)))
    assert values(panel, "div") == [0.5, *(shipped()[run].accuracy for run in runs[1:])]


def test_one_look_by_hand(machines: Trace) -> None:
    known = 1 / 8 + 7 / 8 * 2 / 8
    answer = question(EIGHT, "one-look").answer(machines)
    assert answer == pytest.approx(known + (1 - known) / 8, abs=1e-12)


def test_one_look_is_the_best_of_two_whole_digits() -> None:
    """Texts of four places, all of them: for each own digit, the best place to see besides."""
    places = range(4)
    texts = list(product(places, repeat=4))
    right = dict.fromkeys((True, False), 0)
    for own in places:
        with_own = [text for text in texts if text[0] == own]
        for follows in (True, False):
            seen = [place for place in places if (place == own) == follows]
            guesses = [
                sum(
                    max(Counter(t[t[t[0]]] for t in with_own if t[place] == digit).values())
                    for digit in places
                    if any(t[place] == digit for t in with_own)
                )
                for place in seen
            ]
            right[follows] += max(guesses)
    assert right[True] >= right[False]
    known = 1 / 4 + 3 / 4 * 2 / 4
    assert right[True] / len(texts) == pytest.approx(known + (1 - known) / 4)


def test_a_trained_head_may_pass_what_two_whole_digits_allow(machines: Trace) -> None:
    """It spreads its weights; so the ceiling is said of a layer that sees two digits."""
    asked = question(EIGHT, "one-look")
    measured = shipped()[EIGHT.runs(EIGHT.scene(machines))[1]].accuracy
    answer = asked.answer(machines)
    assert isinstance(answer, float)
    assert measured > answer
    for language, own_and_one in (("en", "one other place"), ("zh", "另外一个位置")):
        assert own_and_one in asked.asks(machines, "zh" if language == "zh" else "en")
        assert f"{measured:.3f}" in asked.explains(machines, "zh" if language == "zh" else "en")


def test_the_checkers_of_chapter_eight_agree_with_the_meters(anything: Trace) -> None:
    at = question_word(anything).position
    assert question(EIGHT, "own").answer(anything) == pytest.approx(
        float(mixing.norm_shares(anything)[-1, at, at]), abs=1e-5
    )
    assert question(EIGHT, "adds").answer(anything) == adds(EIGHT, anything)
    assert question(EIGHT, "width").answer(anything) == "same"
