"""Chapter 4: z of every head side by side, W_O, and one number of Z that adds up head by head."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import HeadId, HeadOff
from attnviz.lessons.engine import panel_of
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing, Element
from attnviz.texts import LANGUAGES, Language
from tests import addresses
from tests.conftest import NOTE, save_tiny
from tests.figure_readers import adds_up, form, parts, place, steps
from tests.lesson_readers import figure_of, first_figure, values

CHAPTER = attnviz.chapters()[3]
MACHINES = "Thinking Machines"
FORMS = ("wide", "narrow")
drawn = partial(first_figure, CHAPTER)


def bars(tree: Element) -> list[Element]:
    """What the heads put into the number of Z, in their order."""
    return [one for one in tree.walk() if one.attributes.get("class") == "part"]


def blocks(tree: Element) -> list[Element]:
    """The strip's blocks."""
    return [one for one in tree.walk() if '"off"' in one.attributes.get("data-choose", "")]


def box(tree: Element) -> tuple[float, float, float, float]:
    """Where the first rectangle of an element stands."""
    return place(next(one for one in tree.walk() if one.tag == "rect"))


def value(one: Element) -> float:
    return float(one.attributes["data-value"])


def summed(tree: Element) -> Element:
    """The bar of the whole sum: it says how it comes about."""
    return next(
        one
        for one in tree.walk()
        if re.match(r"(off\.)?Y\.", one.attributes.get("data-part", ""))
        and any(
            inner.tag == "rect" and inner.attributes["stroke"] != "none" for inner in one.walk()
        )
    )


CASES = [(NOTE, 3, 7, 0), (NOTE, 0, 1, 383), (MACHINES, 5, 2, 100)]


@pytest.mark.parametrize(("text", "layer", "word", "component"), CASES)
@pytest.mark.parametrize("name", FORMS)
def test_each_bar_is_what_its_head_writes_and_all_make_z(
    text: str, layer: int, word: int, component: int, name: str
) -> None:
    tensors = addresses.tensors(text)
    trace = attnviz.trace(text)
    tree = form(drawn(trace, head=HeadId(layer, 0), word=word, component=component), name)
    found = [value(one) for one in bars(tree)]
    np.testing.assert_allclose(found, tensors["P"][layer, :, word, component], atol=1e-5)
    (bias,) = parts(tree, f"bias.{layer}.{component}")
    expected = tensors["Y"][layer, word, component]
    assert sum(found) + value(bias) == pytest.approx(expected, abs=2e-5)
    assert value(summed(tree)) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(("text", "layer", "word", "component"), CASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_adds_up_from_the_digits_shown(
    text: str, layer: int, word: int, component: int, language: Language
) -> None:
    choice = {"head": HeadId(layer, 0), "word": word, "component": component}
    tree = form(drawn(attnviz.trace(text), language, **choice))
    assert adds_up(summed(tree).attributes["data-says"])
    written = [one.text for one in tree.walk() if one.tag == "text" and " + " in one.text]
    assert len(written) == 1
    assert adds_up(written[0])
    for bar in bars(tree):
        product, rest = re.split(
            "[,，]", bar.attributes["data-says"].split(" = ", 1)[1], maxsplit=1
        )
        first, second = product.strip(), re.findall(r"−?\d+\.\d+", rest)
        sign = "≈" if "≈" in rest else "="
        assert adds_up(f"{first} + ({second[0]}) {sign} {second[1]}")


@pytest.mark.parametrize("name", FORMS)
def test_bars_begin_where_the_one_before_ends(name: str) -> None:
    tree = form(drawn(attnviz.trace(NOTE), head=HeadId(1, 0), component=5), name)
    rects = [place(next(e for e in one.walk() if e.tag == "rect")) for one in bars(tree)]
    amounts = [value(one) for one in bars(tree)]
    low, high = (1, 3) if name == "wide" else (0, 2)
    sign = -1 if name == "wide" else 1  # upward is less of y
    for (one, amount), (other, after) in zip(
        list(zip(rects, amounts, strict=True))[:-1],
        list(zip(rects, amounts, strict=True))[1:],
        strict=True,
    ):
        end = one[high] if sign * amount > 0 else one[low]
        begin = other[low] if sign * after > 0 else other[high]
        assert end == pytest.approx(begin, abs=1.1)
    spans = [
        (rect[high] - rect[low]) / abs(amount)
        for rect, amount in zip(rects, amounts, strict=True)
        if rect[high] - rect[low] > 8
    ]
    assert max(spans) == pytest.approx(min(spans), rel=0.05)  # one scale for all


def test_what_is_equally_wide_is_drawn_equally_wide() -> None:
    trace = attnviz.trace(NOTE)
    for name in FORMS:
        tree = form(drawn(trace), name)
        strip = [box(one) for one in blocks(tree)]
        along = (0, 2) if name == "wide" else (1, 3)
        wide = [one[along[1]] - one[along[0]] for one in strip]
        assert len(strip) == 12
        assert max(wide) - min(wide) <= 0.2
        whole = strip[-1][along[1]] - strip[0][along[0]]
        assert whole == pytest.approx(sum(wide), abs=0.3)  # joined, without gaps
        ends = [
            place(one)
            for one in tree.walk()
            if one.tag == "rect"
            and one.attributes.get("rx") == "3"
            and place(one)[2] - place(one)[0] > 0.9 * whole
            and "class" not in one.attributes
        ]
        x, z = ends[0], ends[1]
        assert x[2] - x[0] == pytest.approx(whole, abs=0.2)  # 384 numbers each
        assert z[2] - z[0] == pytest.approx(whole, abs=0.2)


@pytest.mark.parametrize("text", [NOTE, MACHINES])
def test_z_of_every_head_stands_in_its_box(text: str) -> None:
    z = addresses.tensors(text)["Z"]
    tree = form(drawn(attnviz.trace(text), head=HeadId(2, 4), word=1))
    found = {one.attributes["data-part"]: value(one) for one in parts(tree, "Z.2.")}
    assert len(found) == 24
    for part, number in found.items():
        _, layer, head, token, component = part.split(".")
        expected = z[int(layer), int(head), int(token), int(component)]
        assert number == pytest.approx(expected, abs=1e-5)


# ---- switched off


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_head_that_is_switched_off_takes_precisely_its_part_with_it(
    language: Language, minilm: Model
) -> None:
    trace = attnviz.trace(NOTE)
    off = (HeadId(3, 8), HeadId(3, 1), HeadId(1, 1))  # the last one: of another layer
    panel = drawn(trace, language, head=HeadId(3, 0), word=7, component=2, off=off)
    again = attnviz.trace(NOTE, minilm, interventions=[HeadOff(3, 1), HeadOff(3, 8)])
    expected = float(again.attention_output(3)[7, 2])
    lost = sum(float(trace.contribution((3, head))[7, 2]) for head in (1, 8))
    before = float(trace.attention_output(3)[7, 2])
    assert before - lost == pytest.approx(expected, abs=2e-5)
    for name in FORMS:
        tree = form(panel, name)
        amounts = [value(one) for one in bars(tree)]
        assert amounts[1] == amounts[8] == 0
        assert sum(amount == 0 for amount in amounts) == 2
        total = summed(tree)
        assert value(total) == pytest.approx(expected, abs=2e-5)
        assert total.attributes["data-part"] == "off.Y.3.7.2"
    said = summed(form(panel)).attributes["data-says"]
    assert f"{expected:.3f}".replace("-", "−") in said.rpartition(" ")[2].rpartition("：")[2]
    identity = re.search(r": (−?\d.*?[=≈] −?\d+\.\d+)", said.replace("：", ": "))
    assert identity is not None
    assert adds_up(identity[1])


def test_a_click_on_a_block_switches_its_head_off_and_on_again() -> None:
    trace = attnviz.trace(NOTE)
    tree = form(drawn(trace, head=HeadId(2, 0), off=(HeadId(2, 3),)))
    chosen = [one.attributes["data-choose"] for one in blocks(tree)]
    assert chosen[3] == '{"off": []}'
    assert chosen[0] == '{"off": [[2, 0], [2, 3]]}'
    assert all(one.attributes["role"] == "button" for one in blocks(tree))
    assert "switch it on again" in blocks(tree)[3].attributes["aria-label"]


def test_a_model_that_cannot_run_again_still_shows_the_difference() -> None:
    own = attnviz.train("eight-looks", heads=2, steps=1).model
    panel = drawn(attnviz.trace("314159265358", own), off=(HeadId(0, 0),), word=1)
    assert "cannot be run again" in summed(form(panel)).attributes["data-says"]


# ---- what is asked


def test_the_width_of_z_is_hidden_while_it_is_asked() -> None:
    panel = drawn(attnviz.trace(NOTE))
    for name in FORMS:
        tree = form(panel, name)
        (hidden,) = [one for one in tree.walk() if one.attributes.get("data-after") == "width"]
        shown = tree.text.replace(hidden.text, "")
        assert "equally wide" in hidden.text
        assert "equally wide" not in shown
        options = {
            e.attributes["data-option"]
            for e in tree.walk()
            if "guess" in str(e.attributes) and "data-option" in e.attributes
        }
        assert options == {"width.narrower", "width.same", "width.wider"}
        places = {
            one.attributes["data-option"]: box(one)
            for one in tree.walk()
            if one.attributes.get("class") == "guess"
        }
        wide = {option: right - left for option, (left, _, right, _) in places.items()}
        assert wide["width.narrower"] < wide["width.same"] < wide["width.wider"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_first_screen_gives_an_answer_away(language: Language) -> None:
    trace = attnviz.trace(NOTE)
    scene = CHAPTER.scene(trace, language=language)
    panel = panel_of(CHAPTER.parts[0], scene)
    numbers = CHAPTER.numbers(scene)
    said = " ".join(
        [
            scene.say(CHAPTER.text, **numbers),
            CHAPTER.note(CHAPTER.parts[0], scene),
            *steps(panel),
            panel.alt,
        ]
    )
    for given in ("same width", "as wide", "reduces", "precisely its part", "一样宽", "降维"):
        assert given not in said
    best = next(q for q in CHAPTER.questions if q.name == "largest")
    assert best.before == "sum"


def test_z_that_is_asked_about_is_clicked_in_its_box() -> None:
    trace = attnviz.trace(NOTE)
    question = next(q for q in CHAPTER.questions if q.name == "which-z")
    assert question.options is not None
    for name in FORMS:
        tree = form(drawn(trace), name)
        cells = {
            one.attributes["data-option"]: value(one)
            for one in tree.walk()
            if one.attributes.get("data-option", "").startswith("which-z.")
        }
        offered = {f"which-z.{option.name}" for option in question.options(trace)}
        assert offered <= set(cells)
        asked = float(str(question.asked(trace)["shown"]).replace("−", "-"))
        right = cells[f"which-z.{question.answer(trace)}"]
        assert right == pytest.approx(asked, abs=6e-5)


# ---- other sizes


@pytest.mark.parametrize("heads", [1, 2, 16, 24])
def test_heads_beyond_twelve_are_drawn_together_and_counted(heads: int, tmp_path: Path) -> None:
    model = attnviz.load(
        str(save_tiny(tmp_path, hidden_size=48, num_attention_heads=heads, num_hidden_layers=1))
    )
    trace = attnviz.trace("the cat sat", model)
    for name in FORMS:
        tree = form(drawn(trace, word=2, component=7), name)
        found = bars(tree)
        assert len(found) == min(heads, 12)
        (bias,) = parts(tree, "bias.0.7")
        total = sum(map(value, found)) + value(bias)
        assert total == pytest.approx(float(trace.attention_output(0)[2, 7]), abs=1e-5)
        assert (f"H11…{heads - 1}" in found[-1].attributes["data-says"]) == (heads > 12)


@pytest.mark.parametrize("text", ["hi", "我 爱 猫", "🙂", "word " * 300])
@pytest.mark.parametrize("language", LANGUAGES)
def test_any_sentence_stands(text: str, language: Language) -> None:
    panel = drawn(attnviz.trace(text), language)
    assert "cannot" not in panel.values


def test_given_weights_say_why_there_is_no_z() -> None:
    panel = drawn(attnviz.Trace.from_weights(["a", "b"], np.full((1, 1, 2, 2), 0.5)))
    assert "cannot" in panel.values


# ---- all numbers of Z


def test_lengths_of_what_heads_write_and_the_sum_that_closes(note: attnviz.Trace) -> None:
    figure, _ = figure_of(CHAPTER, note, head=HeadId(3, 0), word=7)
    panel = figure.panels["sum"]
    assert isinstance(panel, Drawing)
    lengths = values(panel, "div", "bar")
    for head in range(12):
        expected = np.linalg.norm(note.contribution((3, head))[7])
        assert lengths[head] == pytest.approx(expected, abs=1e-5)
    assert panel.values["left"][-1] < 1e-5


def test_lengths_without_the_heads_that_are_off(note: attnviz.Trace) -> None:
    off = (HeadId(3, 1), HeadId(3, 8), HeadId(1, 1))  # the last: elsewhere
    figure, _ = figure_of(CHAPTER, note, head=HeadId(3, 0), word=7, off=off)
    panel = figure.panels["sum"]
    assert isinstance(panel, Drawing)
    lengths = values(panel, "div", "bar")
    assert lengths[1] == lengths[8] == 0
    lost = note.contribution((3, 1))[7] + note.contribution((3, 8))[7]
    before = note.attention_output(3)[7]
    np.testing.assert_allclose(before - panel.values["y"], lost, atol=1e-5)
    assert "L3·H1, L3·H8 → 0" in panel.root.text


@pytest.fixture(scope="module")
def note() -> attnviz.Trace:
    return attnviz.trace(NOTE)
