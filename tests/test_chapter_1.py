"""Chapter 1: X, W, Q, K, V of the note and of the model, as they stand in the drawn figures."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.lessons.chapters.c01_qkv.small_matrices import EDIT, OURS
from attnviz.lessons.controls import Edited
from attnviz.lessons.link import WalkthroughState
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing, Element
from attnviz.texts import Language
from tests import addresses
from tests.conftest import NOTE
from tests.figures import cells, forms, is_right, says
from tests.lesson_readers import at_addresses, drawn, of_odd_sentences, whole_figure
from tests.walkthrough_links import opened, written

CHAPTER = attnviz.chapters()[0]
OTHER = "Machines that think are machines , and thinking is work ."
WEIGHTS = {
    "Q": [[5, 2, 1], [2, -3, 2], [3, 2, 3], [2, 1, 3]],
    "K": [[4, 5, 3], [3, 1, 5], [2, 3, 5], [3, 3, 3]],
    "V": [[2, 0, 1], [0, 1, 1], [0, 2, 1], [1, 3, 0]],
}


def test_the_toy_is_the_notes_and_every_number_of_q_k_v_is_row_times_column(
    note: attnviz.Trace,
) -> None:
    found = cells(drawn(CHAPTER, note, "toy"))
    x = [[1, 0, 1, 0], [0, 1, 0, 1]]
    for prefix, weights in (("note", WEIGHTS), ("ours", {k: w.tolist() for k, w in OURS.items()})):
        for letter, w in weights.items():
            for row in range(2):
                for column in range(3):
                    made = sum(x[row][i] * w[i][column] for i in range(4))
                    assert found[f"{prefix}.{letter}.{row}.{column}"] == made
            for i in range(4):
                for column in range(3):
                    assert found[f"{prefix}.W{letter}.{i}.{column}"] == w[i][column]
    assert [found[f"note.X.{r}.{c}"] for r in range(2) for c in range(4)] == [*x[0], *x[1]]
    assert len(found) == 8 + 2 * 3 * (12 + 6), "and nothing else"


def test_every_number_of_the_toy_says_how_it_is_made_and_adds_up(note: attnviz.Trace) -> None:
    for form in forms(drawn(CHAPTER, note, "toy")):
        found = says(form)
        assert len(found) == 36
        for part, cell in found.items():
            assert is_right(cell.attributes["data-says"].partition(": ")[2])
            result = cell.attributes["data-says"].split(" = ")[-1].replace("−", "-")
            assert float(result) == float(cell.attributes["data-value"])
            plays = json.loads(cell.attributes["data-plays"])
            lights = cell.attributes["data-lights"].split()
            assert len(lights) == 2 * len(plays) == 8
            prefix, letter, row, column = part.split(".")
            assert lights[:4] == [
                f"note.X.{row}.{i}" if prefix == "note" else lights[i] for i in range(4)
            ]
            assert lights[4:] == [f"{prefix}.W{letter}.{i}.{column}" for i in range(4)]
            assert cell.attributes["data-says"].startswith(plays[-1])


@pytest.mark.parametrize("count", [0, 1, 7, 80])
def test_typed_numbers_stand_in_the_link_and_in_every_product(
    note: attnviz.Trace, count: int
) -> None:
    random = np.random.default_rng(count)
    names = random.permutation(sorted(EDIT.start))[:count].tolist()
    edited = Edited(zip(names, random.integers(-99, 100, count).tolist(), strict=True))
    kept, dropped = opened(written(WalkthroughState().with_choice(1, EDIT.name, edited)))
    assert not dropped
    scene = CHAPTER.scene(note, kept.of_chapter(1))
    now = {**EDIT.start, **dict(edited)}
    assert dict(EDIT.start) | dict(scene.edited(EDIT.name)) == now
    (toy,) = (part for part in CHAPTER.parts if part.name == "toy")
    panel = toy.draw(scene)
    assert isinstance(panel, Drawing)
    for letter in "QKV":
        for head in (0, 1):
            x = np.array([[now[f"X.{r}.{i}"] for i in range(4)] for r in range(2)])
            w = [[now[f"W{letter}.{head}.{i}.{c}"] for c in range(3)] for i in range(4)]
            assert panel.values[f"{letter}.{head}"] == (x @ np.array(w)).tolist()
    numbers = cells(panel)
    assert all(name.startswith("typed.") for name in numbers) == bool(scene.edited(EDIT.name))


@pytest.mark.parametrize(
    ("edited", "kept"),
    [
        (Edited([("X.0.1", 7)]), {"X.0.1": 7}),
        (Edited([("X.0.1", 0)]), {}),  # the note's own
        (Edited([("X.0.1", 100), ("X.9.9", 1), ("Q.0.0.0", 1)]), {}),
        ("many", {}),
    ],
)
def test_what_cannot_be_typed_is_left_out(
    note: attnviz.Trace, edited: Edited | str, kept: dict[str, int]
) -> None:
    assert dict(CHAPTER.scene(note, {EDIT.name: edited}).edited(EDIT.name)) == kept


@pytest.mark.parametrize("text", [NOTE, OTHER])
@pytest.mark.parametrize(("word", "head"), [(1, (0, 0)), (4, (3, 7))])
def test_numbers_of_the_model_are_transformers_own(
    minilm: Model, text: str, word: int, head: tuple[int, int]
) -> None:
    trace = attnviz.trace(text, minilm)
    for name in ("sum", "projections"):
        panel = drawn(CHAPTER, trace, name, word=word, head=attnviz.HeadId(*head), component=2)
        found = cells(panel)
        read = {part: value for part, value in found.items() if addresses.is_address(part)}
        assert len(read) >= 16
        for part, value in read.items():
            assert value == pytest.approx(addresses.at(text, part), abs=2e-5), part


@pytest.mark.parametrize("component", [0, 3])
@pytest.mark.parametrize("word", [0, 1, 9, 26])
def test_one_number_of_q_is_its_largest_products_the_rest_and_the_bias(
    note: attnviz.Trace, word: int, component: int
) -> None:
    panel = drawn(CHAPTER, note, "sum", word=word, component=component)
    x = note.residual(0)[word].astype(np.float64)
    w = note.learned[0].query.weight[:, component].astype(np.float64)
    largest = sorted(np.argsort(-np.abs(x * w))[:3].tolist())
    for form in forms(panel):
        summands = [
            float(one.attributes["data-value"])
            for one in form.root.walk()
            if one.attributes.get("class") == "summand"
        ]
        *terms, bias, q = summands
        np.testing.assert_allclose(terms[:3], (x * w)[largest], atol=1e-9)
        assert terms[3] == pytest.approx((x * w).sum() - (x * w)[largest].sum(), abs=1e-9)
        assert bias == pytest.approx(float(note.learned[0].query.bias[component]))
        assert sum(summands[:-1]) == pytest.approx(q, abs=1e-5)
        written = [one for one in says(form).values() if "q[" in one.attributes["data-says"]]
        assert len(written) == 4
        for one in written:
            said = one.attributes["data-says"].partition(" = ")[2]
            assert is_right(said), said


def test_the_longest_q_is_shown_once_it_is_asked_no_more(note: attnviz.Trace) -> None:
    panel = drawn(CHAPTER, note, "projections")
    (question,) = (one for one in CHAPTER.questions if one.name == "longest")
    for form in forms(panel):
        held = [one for one in form.root.walk() if "data-after" in one.attributes]
        assert {one.attributes["data-after"] for one in held} == {question.name}
        numbers = at_addresses(form, "length.")
        assert set(numbers) == set(
            at_addresses(Drawing(Element("g", {}, tuple(held)), ""), "length.")
        )
        for part, length in numbers.items():
            layer, head, at = map(int, part.split("."))
            q = note.queries(layer)[head, at].astype(np.float64)
            assert length == pytest.approx(float(np.sqrt((q * q).sum())))
    options = {
        one.attributes["data-option"]
        for one in panel.root.walk()
        if "data-option" in one.attributes
    }
    assert options <= {f"longest.{option.name}" for option in question.options(note)}  # type: ignore[misc]
    assert question.in_picture


@of_odd_sentences
def test_every_sentence_fits_and_tokens_stay_data(
    minilm: Model, text: str, language: Language
) -> None:
    figure = whole_figure(CHAPTER, attnviz.trace(text, minilm), language)
    assert set(figure.panels) == {part.name for part in CHAPTER.parts}


def test_a_control_stands_above_one_part_alone() -> None:
    """A page has each widget once."""
    for chapter in attnviz.chapters():
        used = [name for part in chapter.parts for name in part.uses]
        assert len(used) == len(set(used)), chapter.name


def test_given_weights_leave_the_toy_and_say_what_is_missing() -> None:
    given_weights = np.full((1, 2, 3, 3), 1 / 3)
    trace = attnviz.Trace.from_weights(["a", "b", "c"], given_weights)
    figure = CHAPTER.figure(trace)
    assert len(cells(figure.panels["toy"])) == 116
    for name in ("sum", "projections"):
        assert "cannot" in figure.panels[name].values
