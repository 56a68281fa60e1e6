"""The lessons: the contract of every chapter, part, control and question."""

import ast
import re
import string
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.analysis import convolution
from attnviz.lessons.engine import Chapter
from attnviz.lessons.questions import Answer, Question
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import trace_values
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.lines import Lines
from attnviz.pictures.packet import unpack
from attnviz.texts import LANGUAGES, Language, catalogue
from tests.conftest import NOTE
from tests.fuzz import IS_LONG
from tests.lesson_readers import READERS, figure_of, maps, values

CHAPTERS = attnviz.chapters()
QUESTIONS = [(chapter, question) for chapter in CHAPTERS for question in chapter.questions]
LIVE = [(chapter, question) for chapter, question in QUESTIONS if not question.is_law]
SETS_ZERO = {"chapters.02_worked_numbers.figure.is_off"}  # a head that is off writes 0
CHINESE = "小猫坐在垫子上，看着窗外的雨。"
HARD = {
    "one word": "Machines",
    "64 words": "the cat sat on the mat and looked at the rain " * 6 + "in the old street",
    "Chinese": CHINESE,
    "hostile": "<b>x</b> {0} {word} %{y} $x$ </script><script>alert(1)</script> | `a`",
    "emoji": "déjà vu ☕ 👩‍👩‍👧 ok",
}
AGAIN = [pytest.param(text, marks=pytest.mark.no_cover) for text in HARD.values()]
SENTENCES = 200 if IS_LONG else 40
SWEEPS = {"5.spare"}  # a hundred runs of the model a sentence: all sentences on a tiny one
SENTENCES_SWEPT = 6  # on the embedded model
RUN_AGAIN = {"machine"}  # chapters with a picture that an encoder of our own cannot have


def ids(pairs: list[tuple[Chapter, Question]]) -> list[str]:
    return [f"{chapter.number}.{question.name}" for chapter, question in pairs]


def texts_in(chapter: Chapter) -> list[Text]:
    """Every text of a chapter, those of its figure too."""
    return [Text(key) for key in catalogue("en") if key.startswith(f"{chapter.key}.")]


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def generated() -> list[str]:
    """Sentences of two to seven words, always the same ones."""
    random = np.random.default_rng(4)
    words = (
        *("the", "a", "law", "cat", "machine", "river", "teacher", "never", "always", "quickly"),
        *("old", "bright", "is", "was", "sees", "builds", "thinking", "perfect", "just", "opinion"),
        *("because", "under", "over", "and", "or", ",", "missing", "people", "we", "they"),
    )
    lengths = random.integers(2, 8, size=SENTENCES)
    return [" ".join(random.choice(words, size=n)) for n in lengths]


def test_there_are_eight_chapters_one_for_each_figure_of_the_note() -> None:
    assert [chapter.number for chapter in CHAPTERS] == list(range(1, 9))
    assert len({chapter.name for chapter in CHAPTERS}) == 8
    assert all(len(chapter.questions) >= 2 for chapter in CHAPTERS)
    assert sum(chapter.minutes for chapter in CHAPTERS) <= 45
    for chapter in CHAPTERS:
        names = [control.name for control in chapter.controls]
        assert {use for part in chapter.parts for use in part.uses} <= set(names)
        assert {q.before for q in chapter.questions} <= {"", *(p.name for p in chapter.parts)}
        assert all(isinstance(q.ask[lang], str) for q in chapter.questions for lang in LANGUAGES)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_texts_are_complete_and_hold_no_number(chapter: Chapter) -> None:
    found = texts_in(chapter)
    assert len(found) > 15
    for text in found:
        assert text["en"].strip()
        assert text["zh"].strip()
        assert placeholders(text["en"]) == placeholders(text["zh"]), text
        for language in LANGUAGES:
            bare = re.sub(r"\{\w+\}", "", text[language])
            assert not re.search(r"[0-9]", bare) or text.key in SETS_ZERO, text
        chinese = re.sub(r"\{\w+\}|[ -~]*[a-zA-Z(·≤][ -~]*", "", text["zh"])
        assert not re.search(r"[,;:!?]", chinese), text["zh"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
@pytest.mark.parametrize("sentence", [NOTE, *AGAIN], ids=["note", *HARD])
def test_every_chapter_stands(
    minilm: Model, chapter: Chapter, sentence: str, language: Language
) -> None:
    trace = attnviz.trace(sentence, minilm)
    scene = chapter.scene(trace, language=language)
    figure = chapter.figure(trace, scene)
    assert set(figure.panels) == {part.name for part in chapter.parts}
    assert figure.alt.strip()
    for part in chapter.parts:
        panel = figure.panels[part.name]
        assert panel.alt
        assert isinstance(panel, Lines) or panel.values
        unpack(panel.packet)
        assert chapter.note(part, scene)
    for text in (chapter.text, chapter.goal, chapter.takeaway, chapter.misconception):
        assert "{" not in scene.say(text, **chapter.numbers(scene)).replace("{0}", "")
    for question in chapter.questions:
        assert question.asks(trace, language)
        assert question.explains(trace, language)
        answer = question.answer(trace)
        if question.options is None:
            least, most = question.span(trace)
            assert least <= float(answer) <= most
        else:
            names = [option.name for option in question.options(trace)]
            assert [name for name in names if question.is_right(trace, name)] == [answer]
            assert question.spoken(trace, answer, language)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_every_chapter_stands_on_other_models(chapter: Chapter, tiny: Model) -> None:
    """A tiny model, the control, and an encoder of our own, which cannot be run again."""
    own = attnviz.train("eight-looks", heads=2, steps=1).model
    for model, text in ((tiny, "the cat sat"), ("minilm-random", NOTE), (own, "314159265358")):
        trace = attnviz.trace(text, model)
        figure = chapter.figure(trace)
        drawings = [panel for panel in figure.panels.values() if isinstance(panel, Drawing)]
        refused = [drawing for drawing in drawings if "cannot be run again" in drawing.alt]
        assert bool(refused) == (model is own and chapter.name in RUN_AGAIN)
        for question in chapter.questions:
            if model is own and f"{chapter.number}.{question.name}" in SWEEPS:
                with pytest.raises(attnviz.LessonError, match="cannot be run again"):
                    question.answer(trace)
            else:
                agrees_with_its_figure(chapter, question, trace)


def test_a_long_sentence_says_what_is_not_shown(minilm: Model) -> None:
    machine = CHAPTERS[4]
    trace = attnviz.trace("word " * 200, minilm)
    panel = machine.figure(trace).panels["each"]
    assert "up to 96 tokens; the sentence has 202" in panel.alt
    wall, scene = figure_of(CHAPTERS[2], trace)
    assert scene.choice["map"] == "z"
    assert len(maps(wall.panels["wall"], f"L{scene.head().layer}·H0")) == 1
    wall, _ = figure_of(CHAPTERS[2], trace, map="weights")
    assert "up to 96 tokens; the sentence has 202" in wall.panels["wall"].alt


# ---- drawn = computed = asked


def test_every_question_that_is_no_law_has_a_reader() -> None:
    assert set(ids(LIVE)) == set(READERS)


Traces = list[attnviz.Trace]


@pytest.fixture(scope="module")
def traces(minilm: Model) -> Traces:
    return [attnviz.trace(sentence, minilm) for sentence in generated()]


@pytest.fixture(scope="module")
def tiny_traces(tiny: Model) -> Traces:
    return [attnviz.trace(sentence, tiny) for sentence in generated()]


@pytest.mark.no_cover
@pytest.mark.parametrize(("chapter", "question"), LIVE, ids=ids(LIVE))
def test_checker_and_figure_agree_and_no_answer_is_always_the_same(
    chapter: Chapter, question: Question, traces: Traces, tiny_traces: Traces
) -> None:
    name = f"{chapter.number}.{question.name}"
    answers = agreed(chapter, question, tiny_traces if name in SWEEPS else traces)
    assert sum(answers.values()) == SENTENCES
    assert max(answers.values()) <= 0.95 * SENTENCES, answers.most_common(2)
    if name in SWEEPS:
        agreed(chapter, question, traces[:SENTENCES_SWEPT])


@pytest.mark.no_cover
@pytest.mark.parametrize(("chapter", "question"), LIVE, ids=ids(LIVE))
@pytest.mark.parametrize("sentence", HARD.values(), ids=HARD)
def test_checker_and_figure_agree_on_hard_sentences(
    minilm: Model, chapter: Chapter, question: Question, sentence: str
) -> None:
    agrees_with_its_figure(chapter, question, attnviz.trace(sentence, minilm))


def agreed(chapter: Chapter, question: Question, traces: Traces) -> Counter[object]:
    """Each answer and how often it came, after the figure has said the same."""
    answers: Counter[object] = Counter()
    for trace in traces:
        answer = agrees_with_its_figure(chapter, question, trace)
        answers[answer if isinstance(answer, str) else round(answer, 3)] += 1
    return answers


def agrees_with_its_figure(chapter: Chapter, question: Question, trace: attnviz.Trace) -> Answer:
    """The answer of the checker, after the figure has said the same.

    A law has no figure to read: its answer is that for the note's sentence.
    """
    answer = question.answer(trace)
    if question.is_law:
        # Of models of several layers; `test_questions` tries those of one.
        assert trace.model.layers == 1 or answer == question.answer(attnviz.trace(NOTE))
        return answer
    seen = READERS[f"{chapter.number}.{question.name}"](chapter, trace)
    if isinstance(answer, str):
        assert seen == answer, trace.text
    else:
        assert float(seen) == pytest.approx(answer, abs=1e-4), trace.text
    return answer


LAWS = [pair for pair in QUESTIONS if pair[1].is_law]


@pytest.mark.parametrize(("chapter", "question"), LAWS, ids=ids(LAWS))
def test_a_law_has_one_answer(chapter: Chapter, question: Question, traces: Traces) -> None:
    del chapter
    assert len({question.answer(trace) for trace in traces}) == 1


def test_a_wrong_answer_is_wrong(note: attnviz.Trace) -> None:
    for _, question in QUESTIONS:
        right = question.answer(note)
        if isinstance(right, str):
            assert question.options is not None
            wrong = [o.name for o in question.options(note) if o.name != right]
            assert not any(question.is_right(note, name) for name in wrong)
        else:
            assert not question.is_right(note, right + question.tolerance(note) + 0.01)
            assert question.is_right(note, right + question.tolerance(note) / 2)


# ---- chapter 3


def test_a_convolution_is_three_heads(note: attnviz.Trace) -> None:
    x = note.residual(0).astype(np.float64)
    filters = convolution.kernel(x.shape[1])
    expected = np.zeros((len(x), filters.shape[2]))
    for i in range(len(x)):  # an independent, slow convolution
        for j, offset in enumerate((-1, 0, 1)):
            expected[i] += x[(i + offset) % len(x)] @ filters[j]
    np.testing.assert_allclose(convolution.convolution(x, filters), expected, atol=1e-12)
    np.testing.assert_allclose(convolution.heads(x, filters, 800.0), expected, atol=1e-12)
    errors = [
        np.abs(convolution.heads(x, filters, s) - expected).max() / np.abs(expected).max()
        for s in (5.0, 10.0, 20.0)
    ]
    assert errors[0] > 1e-2 > errors[1] > 1e-6 > errors[2]


# ---- chapter 5


def test_chapter_5_opens_every_box_into_its_tensor(note: attnviz.Trace) -> None:
    head = attnviz.HeadId(2, 5)
    figure, _ = figure_of(CHAPTERS[4], note, head=head, word=3)
    panel = figure.panels["machine"]
    expected = {
        "R (L1) = X": note.residual(2),
        "W_Q · L2·H5": note.input_projection(head, "query").weight,
        "K · L2·H5": note.keys(2)[5],
        "V · L2·H5": note.values(2)[5],
        "Q Kᵀ / √d · L2·H5": note.scores(head),
        "softmax · L2·H5": note.weights(head),
        "z · L2·H5": note.head_output(2)[5],
        "concat(Z)": note.record(2).concat,
        "W_O · L2·H5": note.output_projection(head),
        "Z = concat · W_O + b": note.attention_output(2),
        "Add & Norm": note.after_attention(2),
        "R": note.residual(3),
    }
    for name, tensor in expected.items():
        (drawn,) = maps(panel, name)
        np.testing.assert_array_equal(drawn, tensor)
    assert isinstance(panel, Drawing)
    boxes = [e for e in panel.root.walk() if e.tag == "details"]
    assert len(boxes) == 14 + 12, "the z of every head opens"
    for index in range(12):
        (z,) = maps(panel, f"z · L2·H{index}")
        np.testing.assert_array_equal(z, note.head_output(2)[index])
    assert all(sum(e.tag == "canvas" for e in box.walk()) == 1 for box in boxes)


def test_chapter_5_takes_heads_away(minilm: Model) -> None:
    text = "the law will never be perfect"
    trace = attnviz.trace(text, minilm)
    figure, _ = figure_of(CHAPTERS[4], trace, off=(attnviz.HeadId(5, 10), attnviz.HeadId(0, 2)))
    panel = figure.panels["each"]
    assert isinstance(panel, Drawing)
    drawn = np.array(values(panel, "td")).reshape(6, 12)
    vector = trace.residual(6).astype(np.float64).mean(axis=0)

    def moved(*heads: tuple[int, int]) -> float:
        off = [attnviz.HeadOff(*head) for head in heads]
        after = (
            attnviz.trace(text, minilm, interventions=off).residual(6).astype(float).mean(axis=0)
        )
        return 1 - float(vector @ after / np.linalg.norm(vector) / np.linalg.norm(after))

    for head in [(0, 2), (5, 10), (3, 3)]:
        assert drawn[head] == pytest.approx(moved(head), abs=1e-6)
        assert drawn[head] > 1e-5, "a head that is off changes the output"
    many = figure.panels["many"]
    assert isinstance(many, Drawing)
    assert many.values["chosen"] == pytest.approx(moved((5, 10), (0, 2)), abs=1e-6)
    order = np.argsort(-drawn, axis=None)[:3]
    worst = [divmod(int(index), 12) for index in order]
    assert many.values["most"][2] == pytest.approx(moved(*worst), abs=1e-6)
    assert many.values["least"][-1] == pytest.approx(many.values["random"][-1], abs=1e-6)


@pytest.mark.parametrize("off", [(), (attnviz.HeadOff(0, 1), attnviz.HeadOff(2, 3))])
def test_heads_are_spare_as_runs_of_their_own_say(
    minilm: Model, off: tuple[attnviz.HeadOff, ...]
) -> None:
    text = "the law will never be perfect"
    trace = attnviz.trace(text, minilm, interventions=off)
    vector = trace.residual(6).astype(np.float64).mean(axis=0)

    def moved(*heads: attnviz.HeadId) -> float:
        changes = {*off, *(attnviz.HeadOff(*head) for head in heads)}
        if len(changes) == len(off):
            return 0.0
        last = attnviz.trace(text, minilm, interventions=list(changes)).residual(6)
        after = last.astype(np.float64).mean(axis=0)
        return 1 - float(vector @ after / np.linalg.norm(vector) / np.linalg.norm(after))

    order = sorted(trace.heads, key=moved)
    spare = next(k for k in range(72) if moved(*order[: k + 1]) > 0.05)
    assert 12 < spare < 60
    (question,) = (one for one in CHAPTERS[4].questions if one.name == "spare")
    assert question.answer(trace) == spare


# ---- text is data


def test_tokens_are_text_in_a_drawing_and_never_markup(minilm: Model) -> None:
    trace = attnviz.trace("<img src=x onerror=alert(1)> {word}", minilm)
    for chapter in CHAPTERS:
        for panel in chapter.figure(trace).panels.values():
            meta, _ = unpack(panel.packet)
            assert "<img" not in str(meta.get("tree", "")).replace("'<img", "")


def test_an_element_leaves_out_what_is_none() -> None:
    made = element("p", "a", None, element("b", "c"), class_="x", data_y=None)
    assert made.attributes == {"class": "x"}
    assert made.text == "ac"


def test_facts_are_of_the_trace(note: attnviz.Trace) -> None:
    found = trace_values(note)
    assert (found["layers"], found["heads"], found["tokens"]) == (6, 12, 27)


def test_chapters_need_no_streamlit() -> None:
    source = Path(attnviz.__file__).parent / "lessons"
    assert not [f for f in source.rglob("*.py") if "streamlit" in f.read_text(encoding="utf-8")]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_checkers_share_no_code_with_a_figure(chapter: Chapter) -> None:
    """What a checker takes from beside it draws nothing, and no figure takes from a checker."""
    name = f"attnviz.lessons.chapters.c{chapter.key.removeprefix('chapters.')}"
    folder = Path(attnviz.__file__).parents[1] / name.replace(".", "/")
    modules = {file.stem: imported_by(file) for file in folder.glob("*.py")}
    figures = {
        module
        for module, imports in modules.items()
        if module != "__init__" and "attnviz.pictures.drawing" in imports
    }
    assert len(figures) >= 2
    assert not modules["checks"] & {f"{name}.{figure}" for figure in figures}
    assert not [figure for figure in figures if f"{name}.checks" in modules[figure]]


def imported_by(file: Path) -> set[str]:
    """What a module imports, by full name."""
    imports = [
        node
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    ]
    members = {f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    return {str(node.module) for node in imports} | members
