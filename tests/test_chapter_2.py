"""Chapter 2: 112 and 96, the same ladder on the model, and a head built by hand, as drawn."""

import json
import math
import re
from decimal import Decimal

import numpy as np
import pytest

import attnviz
from attnviz.analysis import handmade
from attnviz.core.weights import softmax
from attnviz.lessons import note_example
from attnviz.lessons.controls import Cells
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing
from attnviz.texts import LANGUAGES, Language
from tests import addresses
from tests.conftest import NOTE
from tests.figures import cells, forms, is_right, says
from tests.lesson_readers import drawn, figure_of, maps, of_odd_sentences, whole_figure

CHAPTER = attnviz.chapters()[1]
OTHER = "Machines that think are machines , and thinking is work ."
# z of each of the note's words, worked by hand: weights e^14 : e^12, and e^6 : e^7
WEIGHTS = {0: (112, 96, 14, 12), 1: (48, 56, 6, 7)}
VALUES = ((2, 2, 2), (1, 4, 1))


def texts(panel: object) -> list[str]:
    """Each line of text of a figure."""
    assert isinstance(panel, Drawing)
    return [one.text for one in panel.root.walk() if one.tag == "text"]


def test_the_notes_numbers_come_from_whole_matrices() -> None:
    q, k, v = (note_example.X @ w for w in (note_example.W_Q, note_example.W_K, note_example.W_V))
    assert all(
        m.dtype.kind == "i"
        for m in (note_example.X, note_example.W_Q, note_example.W_K, note_example.W_V)
    )
    assert (note_example.X.shape, note_example.W_Q.shape, q.shape) == ((2, 4), (4, 3), (2, 3))
    assert (q @ k.T)[0].tolist() == [112, 96]
    scores = (q @ k.T)[0] / note_example.DIVISOR
    assert scores.tolist() == [14, 12]
    weights = softmax(scores)
    assert [round(float(w), 6) for w in weights] == [0.880797, 0.119203]
    np.testing.assert_allclose(weights @ v, [1.880797, 2.238406, 1.880797], atol=1e-6)


@pytest.mark.parametrize("row", [0, 1])
def test_the_notes_ladder_is_worked_for_either_word(note: attnviz.Trace, row: int) -> None:
    found = cells(drawn(CHAPTER, note, "note", row=row))
    one, other, first, second = WEIGHTS[row]
    assert [found[f"note.D.{row}.{c}"] for c in (0, 1)] == [one, other]
    assert [found[f"note.S.{row}.{c}"] for c in (0, 1)] == [first, second]
    weight = 1 / (1 + math.exp(second - first))
    assert found[f"note.A.{row}.0"] == pytest.approx(weight)
    assert found[f"note.A.{row}.1"] == pytest.approx(1 - weight)
    for c in range(3):
        parts = [weight * VALUES[0][c], (1 - weight) * VALUES[1][c]]
        for key in (0, 1):
            assert found[f"note.AV.{row}.{key}.{c}"] == pytest.approx(parts[key])
        assert found[f"note.Z.{row}.{c}"] == pytest.approx(sum(parts))
    for part, value in found.items():
        if addresses.is_address(part):
            assert value == pytest.approx(addresses.at(NOTE, part)), part


def test_the_notes_ladder_prints_the_notes_digits(note: attnviz.Trace) -> None:
    for form in forms(drawn(CHAPTER, note, "note")):
        text = form.root.text
        for number in ("q₁ · k₁ = 112", "q₁ · k₂ = 96", "z₁ = 0.88 v₁ + 0.12 v₂"):
            assert number in text
        assert "0.880" not in re.sub(r"0\.\d{5,}", "", text)


@pytest.mark.parametrize("row", [0, 1])
def test_each_step_of_the_ladder_is_written_out_and_right(note: attnviz.Trace, row: int) -> None:
    for form in forms(drawn(CHAPTER, note, "note", row=row)):
        found = says(form)
        kinds = [part.split(".")[1] for part in found]
        assert kinds.count("D") == kinds.count("S") == kinds.count("A") == 2
        assert (kinds.count("AV"), kinds.count("Z")) == (6, 3)
        for part, one in found.items():
            written, kind = one.attributes["data-says"], part.split(".")[1]
            if kind == "D":
                assert is_right(written.partition(" = ")[2])
                *_, last = json.loads(one.attributes["data-plays"])
                assert written.startswith(last)
            elif kind == "S":
                product, score = re.findall(r"(\d+) ÷ 8 = ([\d.]+)", written)[0]
                assert int(product) / 8 == float(score)
            elif kind == "A":
                assert "e^" in written
            else:
                assert is_right(written), written


def test_a_value_fades_with_the_root_of_its_weight(note: attnviz.Trace) -> None:
    for form in forms(drawn(CHAPTER, note, "note")):
        opacity = {
            one.attributes["data-part"]: {
                rect.attributes.get("fill-opacity") for rect in one.walk() if rect.tag == "rect"
            }
            for one in form.root.walk()
            if one.attributes.get("data-part", "").startswith("note.AV.")
        }
        for part, seen in opacity.items():
            weight = 1 / (1 + math.exp(-2)) if part.split(".")[3] == "0" else 1 / (1 + math.exp(2))
            assert [float(str(one)) for one in seen] == [pytest.approx(math.sqrt(weight), abs=1e-4)]


def test_the_width_that_divides_makes_the_weights(note: attnviz.Trace) -> None:
    found = cells(drawn(CHAPTER, note, "division"))
    assert len(found) == 12
    for part, weight in found.items():
        width, n = map(int, part.removeprefix("note.weight.").split("."))
        first = 1 / (1 + math.exp((96 - 112) / math.sqrt(width)))
        assert weight == pytest.approx(first if n == 0 else 1 - first, abs=1e-12)


@pytest.mark.parametrize("text", [NOTE, OTHER])
@pytest.mark.parametrize(("word", "head"), [(0, (0, 0)), (5, (3, 4)), (9, (5, 11))])
def test_the_ladder_of_the_model_is_transformers_own(
    minilm: Model, text: str, word: int, head: tuple[int, int]
) -> None:
    trace = attnviz.trace(text, minilm)
    layer, index = head
    panel = drawn(CHAPTER, trace, "live", word=word, head=attnviz.HeadId(*head))
    found = cells(panel)
    read = {part: value for part, value in found.items() if addresses.is_address(part)}
    assert len(read) == 3 + 3 * (9 + 3) + 3
    for part, value in read.items():
        assert value == pytest.approx(addresses.at(text, part), abs=5e-5), part
    weights, values = (addresses.tensors(text)[name][layer, index] for name in "AV")
    strongest = np.argsort(-weights[word])[:3].tolist()
    named = f"A.{layer}.{index}.{word}."
    assert [int(p.removeprefix(named)) for p in found if p.startswith(named)] == strongest
    others = np.delete(np.arange(len(weights)), strongest)
    assert found[f"others.A.{layer}.{index}.{word}"] == pytest.approx(
        float(weights[word][others].sum()), abs=1e-5
    )
    for c in range(3):
        rest = float(weights[word][others] @ values[others, c])
        assert found[f"others.AV.{layer}.{index}.{word}.{c}"] == pytest.approx(rest, abs=1e-5)
        columns = [float(weights[word][k] * values[k, c]) for k in strongest]
        z = found[f"Z.{layer}.{index}.{word}.{c}"]
        assert sum(columns) + rest == pytest.approx(z, abs=1e-5)
    assert f"the other {len(others)} together" in " ".join(texts(panel))


@pytest.mark.parametrize("word", [0, 3, 9, 26])
def test_the_columns_add_up_from_the_digits_shown(note: attnviz.Trace, word: int) -> None:
    for form in forms(drawn(CHAPTER, note, "live", word=word)):
        sums = [
            one.attributes["data-says"]
            for part, one in says(form).items()
            if part.startswith(("Z.", "total.A"))
        ]
        assert len(sums) == 4
        for written in sums:
            said = re.sub(r"^z\[\d\]: ", "", written)
            assert is_right(said), said
            terms = said.split(" = ")[0].split(" ≈ ")[0].split(" + ")
            assert len(terms) == 4, "three keys and the others together"
        for part, one in says(form).items():
            written = one.attributes["data-says"]
            if part.startswith("AV."):
                assert is_right(written), written
            if part.startswith("D."):
                assert is_right(re.sub(r" \((?:q\[|the)[^()]*\)", "", written)), written


def test_the_answer_is_nowhere_before_it_is_given(note: attnviz.Trace) -> None:
    """The picture beside the question holds neither a score nor a weight."""
    (question,) = (one for one in CHAPTER.questions if one.name == "most")
    assert (question.beside, question.before, question.in_picture) == ("keys", "live", True)
    panel = drawn(CHAPTER, note, "keys")
    letters = {part.partition(".")[0] for part in cells(panel)}
    assert letters == {"Q", "K"}
    assert question.options is not None
    for form in forms(panel):
        options = [
            one.attributes["data-option"]
            for one in form.root.walk()
            if "data-option" in one.attributes
        ]
        assert options == [f"most.{option.name}" for option in question.options(note)]
    for part, value in cells(panel).items():
        assert value == pytest.approx(addresses.at(NOTE, part), abs=2e-5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_tells_what_is_asked_later(note: attnviz.Trace, language: Language) -> None:
    """What dividing does and that only gaps count stand in no text that is there before."""
    scene = CHAPTER.scene(note, language=language)
    numbers = CHAPTER.numbers(scene)
    texts = [
        scene.say(t, **numbers) for t in (CHAPTER.text, CHAPTER.takeaway, CHAPTER.misconception)
    ]
    texts += [CHAPTER.note(part, scene) for part in CHAPTER.parts if part.name in {"note", "keys"}]
    texts += [drawn(CHAPTER, note, "note").root.text, drawn(CHAPTER, note, "keys").root.text]
    for text in texts:
        assert "0.9999" not in text
        assert not re.search(r"\bgap|differen|差", text), text
    (undivided, added, most) = CHAPTER.questions
    assert (undivided.before, added.beside, most.before) == ("division", "division", "live")


@of_odd_sentences
def test_every_sentence_fits_and_tokens_stay_data(
    minilm: Model, text: str, language: Language
) -> None:
    figure = whole_figure(CHAPTER, attnviz.trace(text, minilm), language)
    for name, panel in figure.panels.items():
        if name != "handmade":
            cells(panel)


def test_given_weights_leave_the_note_and_say_what_is_missing() -> None:
    trace = attnviz.Trace.from_weights(["a", "b", "c"], np.full((1, 2, 3, 3), 1 / 3))
    figure = CHAPTER.figure(trace)
    missing = {n for n, p in figure.panels.items() if "cannot" in p.values}
    assert missing == {"keys", "live"}


def test_a_sentence_of_few_tokens_has_no_others(minilm: Model) -> None:
    panel = drawn(CHAPTER, attnviz.trace("Machines", minilm), "live")
    assert not [part for part in cells(panel) if part.startswith("others.")]


# ---- a head built by hand


@pytest.mark.parametrize(("strength", "share"), [(1, 0.108), (8, 0.478), (12, 0.744), (16, 0.902)])
def test_a_head_can_be_built_by_hand(note: attnviz.Trace, strength: int, share: float) -> None:
    figure, _ = figure_of(CHAPTER, note, shift=-1, strength=strength)
    panel = figure.panels["handmade"]
    assert isinstance(panel, Drawing)
    (weights,) = maps(panel, "softmax")
    (w_q,) = maps(panel, "W_Q")
    assert float(np.diagonal(weights, -1).min()) == pytest.approx(share, abs=1e-3)
    e = np.exp(w_q / np.sqrt(12))
    np.testing.assert_allclose(weights, e / e.sum(axis=1, keepdims=True), atol=1e-6)
    verdict = next(e for e in panel.root.walk() if "verdict" in e.attributes.get("class", ""))
    assert ("good" in verdict.attributes["class"]) == (share >= 0.9)


def test_a_head_can_be_painted(note: attnviz.Trace) -> None:
    before = Cells((place, place - 1) for place in range(1, 12))
    figure, _ = figure_of(CHAPTER, note, painted=before, strength=16)
    panel = figure.panels["handmade"]
    assert isinstance(panel, Drawing)
    (w_q,) = maps(panel, "W_Q")
    np.testing.assert_array_equal(w_q, 16 * np.eye(12, k=-1))
    assert panel.values["share"] == pytest.approx(0.902, abs=1e-3)
    figure, _ = figure_of(CHAPTER, note, painted=Cells([(3, 2), (99, 0)]), strength=16)
    (w_q,) = maps(figure.panels["handmade"], "W_Q")
    assert w_q.sum() == 16, "a cell beyond the square is left out"


def test_the_hand_made_head_finds_its_learned_twin(note: attnviz.Trace) -> None:
    figure, _ = figure_of(CHAPTER, note, shift=-1)
    panel = figure.panels["handmade"]
    assert isinstance(panel, Drawing)
    assert panel.values["twin"] == (0, 2)
    assert panel.values["least"] > 0.999
    assert handmade.least_on(handmade.attention(handmade.shifting_query(-1, 40.0)), -1) > 0.999


def test_the_percentages_of_the_misconception_are_the_notes(note: attnviz.Trace) -> None:
    scene = CHAPTER.scene(note)
    said = scene.say(CHAPTER.misconception, **CHAPTER.numbers(scene))
    assert Decimal(round(112 / 208, 2)).quantize(Decimal("0.01")) == Decimal("0.54")
    assert all(number in said for number in ("112", "96", "0.54", "0.88"))
