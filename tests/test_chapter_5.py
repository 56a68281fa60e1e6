"""Chapter 5's figure: each square is a real number of its block, and calculations add up."""

import json
import re
from decimal import Decimal

import numpy as np
import pytest

import attnviz
from attnviz.core.trace import Trace
from attnviz.lessons.chapters import chapter_called
from attnviz.lessons.engine import panel_of
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing, Element
from attnviz.pictures.elements.thumbnail import blocks, squares
from attnviz.texts import LANGUAGES
from tests import addresses

FIVE = chapter_called(5)
MACHINES = "Thinking Machines"
NOTE = (
    "The Law will never be perfect , but its application should be just - this is what we are "
    "missing , in my opinion ."
)
HEADS = {MACHINES: (0, 0), NOTE: (3, 7)}  # the chosen head
WIDE = {"X": 8, "Y": 8, "R": 8}  # squares across a matrix as wide as the model; else 4


def drawn(trace: Trace, **choice: object) -> Drawing:
    """The opening figure."""
    panel = panel_of(FIVE.parts[0], FIVE.scene(trace, choice))  # type: ignore[arg-type]
    assert isinstance(panel, Drawing)
    return panel


def form(panel: Drawing, name: str = "wide") -> Element:
    return next(
        one
        for one in panel.root.walk()
        if one.tag == "svg" and name in one.attributes["class"].split()
    )


def parts(root: Element) -> dict[str, Element]:
    """Every square, by its address."""
    return {
        one.attributes["data-part"]: one
        for one in root.walk()
        if one.attributes.get("class") == "cell"
    }


def furthest(block: np.ndarray) -> float:
    return float(block.flat[int(np.abs(block).argmax())])


@pytest.mark.parametrize("text", [MACHINES, NOTE])
def test_a_square_is_the_number_of_its_block_that_is_furthest_from_0(text: str) -> None:
    layer, head = HEADS[text]
    panel = drawn(attnviz.trace(text), head=attnviz.HeadId(layer, head), word=1)
    found = parts(form(panel))
    of = addresses.tensors(text)
    for name in "XYR":
        for token in range(4):
            row = of[name][layer, token].reshape(8, 48)
            here = [
                float(one.attributes["data-value"])
                for part, one in found.items()
                if part.startswith(f"{name}.{layer}.{token}.")
            ]
            np.testing.assert_allclose(here, [furthest(block) for block in row], atol=2e-5)
    z = of["Z"][layer]
    for other in range(12):
        for token in range(4):
            here = [
                float(one.attributes["data-value"])
                for part, one in found.items()
                if part.startswith(f"Z.{layer}.{other}.{token}.")
            ]
            expected = [furthest(block) for block in z[other, token].reshape(4, 8)]
            np.testing.assert_allclose(here, expected, atol=2e-5)
    front = of["WV"][layer, head].reshape(8, 48, 4, 8).swapaxes(1, 2)
    here = [
        float(one.attributes["data-value"])
        for part, one in found.items()
        if part.startswith(f"WV.{layer}.{head}.")
    ]
    assert here == pytest.approx([furthest(b) for line in front for b in line])
    out = of["WO"][layer].reshape(24, 16, 8, 48).swapaxes(1, 2)
    here = [
        float(one.attributes["data-value"])
        for part, one in found.items()
        if part.startswith(f"WO.{layer}.")
    ]
    assert here == pytest.approx([furthest(b) for line in out for b in line])


def summands(said: str) -> tuple[list[Decimal], str, Decimal]:
    """The terms that are written out, the sign, and what they make."""
    sums = re.sub(r"\([^()]*(?:others?|bias)\)", "", said.split(": ", 1)[1])
    terms, sign, total = re.split(r" ([=≈]) ", sums)
    numbers = re.findall(r"([+−]?) ?(\d+\.\d+)", terms.replace("− −", "+ "))
    return (
        [Decimal(digits) * (-1 if sign == "−" else 1) for sign, digits in numbers],
        sign,
        Decimal(total.strip().replace("−", "-")),
    )


@pytest.mark.parametrize("text", [MACHINES, NOTE])
def test_each_calculation_adds_up_from_the_digits_shown(text: str) -> None:
    layer, head = HEADS[text]
    panel = drawn(attnviz.trace(text), head=attnviz.HeadId(layer, head), word=1)
    of = addresses.tensors(text)
    counted = 0
    for part, square in parts(form(panel)).items():
        said = square.attributes.get("data-says")
        name, *places = part.split(".")
        place = [int(one) for one in places]
        if not said:
            assert name in {"X", "R", "WQ", "WK", "WV", "WO"} or place[1] != head
            continue
        counted += 1
        terms, sign, total = summands(said)
        difference = abs(sum(terms, Decimal(0)) - total)
        assert (difference == 0) == (sign == "="), said
        assert difference <= Decimal("0.0005") * (len(terms) + 1), said
        assert float(total) == pytest.approx(float(square.attributes["data-value"]), abs=5.1e-4)
        column = place[-1]
        if name in "QKV":
            products = of["X"][layer, place[2]] * of[f"W{name}"][layer, head][:, column]
        elif name == "Z":
            products = of["A"][layer, head, place[2]] * of["V"][layer, head][:, column]
        else:
            products = of["P"][layer][:, place[1], column]
        largest = sorted(products.tolist(), key=abs)[:-4:-1]
        assert [float(term) for term in terms[:3]] == pytest.approx(largest, abs=6e-4), said
    assert counted == (7 + 7 + 16) + 16 + 32


def test_what_can_be_clicked_chooses_words_heads_and_the_next_layer(minilm: Model) -> None:
    trace = attnviz.trace(MACHINES, minilm)
    for layer in (2, 5):
        panel = drawn(trace, head=attnviz.HeadId(layer, 4), word=2)
        for name in ("wide", "narrow"):
            chosen = [
                json.loads(one.attributes["data-choose"])
                for one in form(panel, name).walk()
                if "data-choose" in one.attributes
            ]
            assert [c["word"] for c in chosen if "word" in c] == [0, 1, 2, 3]
            heads = [tuple(c["head"]) for c in chosen if "head" in c]
            beyond = [(3, 4)] if layer == 2 else []
            assert heads == [(layer, head) for head in range(12)] + beyond


def test_heads_without_a_row_are_counted(minilm: Model) -> None:
    trace = attnviz.trace(MACHINES, minilm)
    for chosen, counted in ((0, [9]), (5, [4, 5]), (11, [9])):
        panel = drawn(trace, head=attnviz.HeadId(0, chosen))
        said = [
            int(found[1])
            for one in form(panel).walk()
            if one.tag == "text" and (found := re.fullmatch(r"… (\d+) heads", one.text))
        ]
        assert said == [*counted, *counted], "at the matrices, and at Q, K, V"


def test_the_answer_is_hidden_while_the_question_is_open(minilm: Model) -> None:
    trace = attnviz.trace(MACHINES, minilm)
    (question,) = FIVE.asked_beside(FIVE.parts[0])
    assert question.name == "entering"
    assert question.before == "machine"
    for layer, options in ((0, {"r", "z", "embedding"}), (3, {"r", "z"})):
        root = form(drawn(trace, head=attnviz.HeadId(layer, 0)))
        offered = {
            one.attributes["data-option"] for one in root.walk() if "data-option" in one.attributes
        }
        assert offered == {f"entering.{option}" for option in options}
        assert offered <= {f"entering.{one.name}" for one in question.options(trace)}  # type: ignore[misc]
        hidden = [one for one in root.walk() if one.attributes.get("data-after") == "entering"]
        said = [one.text for one in hidden]
        assert said == [
            *([f"= R of layer {layer - 1}"] if layer else []),
            f"is X of layer {layer + 1}",
        ]
        inside = {id(one) for group in hidden for one in group.walk()}
        others = [one.text for one in root.walk() if one.tag == "text" and id(one) not in inside]
        assert not any("layer " in one for one in others)


@pytest.mark.parametrize(
    ("text", "heads", "layers"),
    [("四", 1, 1), ("四四是四", 2, 2), ("四" * 60, 16, 1)],
)
def test_the_figure_stands_on_other_models(text: str, heads: int, layers: int) -> None:
    model = attnviz.train("first-seen", heads, layers, steps=1).model
    trace = attnviz.trace(text, model)
    for language in LANGUAGES:
        panel = panel_of(FIVE.parts[0], FIVE.scene(trace, language=language))
        assert isinstance(panel, Drawing)
        assert "cannot" not in panel.values, panel.alt
        root = form(panel)
    column = [one for one in root.walk() if "head" in one.attributes.get("data-choose", "")]
    assert len(column) == min(heads, 12) + (layers > 1), "and the layer above"
    if heads > 12:
        assert f"… {heads - 12} 个头" in root.text
    hidden = len(trace.tokens) - 4
    assert (f"… 还有 {hidden} 个" in root.text) == (hidden > 0)


def test_a_model_of_weights_alone_says_why_there_is_no_figure() -> None:
    trace = attnviz.Trace.from_weights(["a", "b"], np.full((1, 2, 2, 2), 0.5))
    panel = panel_of(FIVE.parts[0], FIVE.scene(trace))
    assert isinstance(panel, Drawing)
    assert panel.values["cannot"]


def test_blocks_cover_a_matrix_and_the_first_of_equals_is_shown() -> None:
    assert blocks(5, 2) == [[0, 1, 2], [3, 4]]
    assert blocks(2, 4) == [[0], [1]]
    values = np.array([[1.0, -3.0, 3.0], [0.0, 2.0, -5.0]])
    assert squares(values, blocks(2, 1), blocks(3, 2)) == [[(0, 1), (1, 2)]]
