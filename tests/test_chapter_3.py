"""Chapter 3: a sentence as a photograph, and the maps that the heads of a layer make of it."""

from functools import partial

import numpy as np
import pytest

import attnviz
from attnviz.lessons.engine import panel_of
from attnviz.models.load import Model
from attnviz.pictures.drawing import Element
from attnviz.pictures.packet import unpack
from attnviz.texts import LANGUAGES, Language
from tests import addresses
from tests.conftest import NOTE
from tests.figure_readers import form, parts, place, steps
from tests.lesson_readers import figure_of, first_figure, maps

CHAPTER = attnviz.chapters()[2]
MACHINES = "Thinking Machines"
HOSTILE = "<b>bold</b> & <script>alert(1)</script> ]]> 猫 🙂"
FORMS = ("wide", "narrow")
drawn = partial(first_figure, CHAPTER)


def sheets(tree: Element) -> list[Element]:
    """Every drawn map of a head, in the order of drawing."""
    return [one for one in tree.walk() if one.attributes.get("class") == "mapped"]


@pytest.mark.parametrize("text", [NOTE, MACHINES])
@pytest.mark.parametrize("head", [(0, 0), (4, 7)])
def test_every_map_holds_the_weights_of_its_head(text: str, head: tuple[int, int]) -> None:
    expected = addresses.tensors(text)["A"][head[0]]
    panel = drawn(attnviz.trace(text), head=attnviz.HeadId(*head))
    for number, weights in enumerate(expected):
        found = maps(panel, f"L{head[0]}·H{number}")
        assert len(found) == 4  # in the pile and fanned out, in two forms
        for one in found:
            np.testing.assert_allclose(one, weights, atol=1e-5)
    _, arrays = unpack(panel.packet)
    assert sum(name.startswith("array") for name in arrays) == 12  # sent once


@pytest.mark.parametrize("head", [(0, 0), (1, 8)])
def test_the_head_that_is_followed_stands_in_front(head: tuple[int, int]) -> None:
    panel = drawn(attnviz.trace(NOTE), head=attnviz.HeadId(*head))
    for name in FORMS:
        piled = sheets(form(panel, name))[:12]
        assert piled[-1].attributes["data-part"] == f"head.{head[0]}.{head[1]}"
        lefts = [place(next(e for e in one.walk() if e.tag == "image"))[0] for one in piled]
        assert lefts == sorted(lefts, reverse=True)  # the farther behind, the farther right


def test_fanned_out_maps_stand_in_the_order_of_heads_and_choose_them() -> None:
    panel = drawn(attnviz.trace(NOTE), head=attnviz.HeadId(2, 5))
    fanned = sheets(form(panel))[12:]
    chosen = [one.attributes["data-choose"] for one in fanned]
    assert chosen == [f'{{"head": [2, {head}]}}' for head in range(12)]
    boxes = [place(next(e for e in one.walk() if e.tag == "image")) for one in fanned]
    for one, (left, top, right, bottom) in enumerate(boxes):
        assert right - left == pytest.approx(bottom - top, abs=0.2)
        for other in boxes[one + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart


@pytest.mark.parametrize("text", [NOTE, MACHINES])
@pytest.mark.parametrize("word", [1, 2])
def test_the_row_and_its_strongest_cell_are_those_of_the_weights(text: str, word: int) -> None:
    weights = addresses.tensors(text)["A"][3, 2]
    key = int(weights[word].argmax())
    trace = attnviz.trace(text)
    panel = drawn(trace, head=attnviz.HeadId(3, 2), word=word)
    (said,) = [one for one in steps(panel) if "strongest cell" in one]
    assert f"“{trace.tokens[key].text}”: L3·H2" in said
    assert f"{weights[word, key]:.2f}" in said
    address = f"A.3.2.{word}.{key}"
    for name in FORMS:
        found = list(parts(form(panel, name), address))
        assert len(found) == 2  # in the row that is read, and where the head jumps
        for one in found:
            value = float(one.attributes["data-value"])
            assert value == pytest.approx(weights[word, key], abs=1e-5)


@pytest.mark.parametrize("name", FORMS)
def test_the_framed_column_is_that_of_the_word(name: str) -> None:
    tree = form(drawn(attnviz.trace(NOTE), word=7), name)
    step = next(one for one in tree.walk() if one.attributes.get("data-from") == "4")
    frames = [place(one) for one in step.walk() if one.tag == "rect"]
    images = [place(next(e for e in one.walk() if e.tag == "image")) for one in sheets(tree)[12:]]
    assert len(frames) == len(images) == 12
    for frame, image in zip(frames, images, strict=True):
        cell = (image[2] - image[0]) / 27
        assert frame[0] + 2 == pytest.approx(image[0] + 7 * cell, abs=0.3)
        assert frame[2] - 2 == pytest.approx(image[0] + 8 * cell, abs=0.3)


@pytest.mark.parametrize("name", FORMS)
def test_a_filter_reads_the_same_places_around_every_word(name: str) -> None:
    tree = form(drawn(attnviz.trace(NOTE), word=9), name)
    step = next(one for one in tree.walk() if one.attributes.get("data-from") == "5")
    ends: dict[float, list[float]] = {}
    for line in (one for one in step.walk() if one.tag == "path"):
        numbers = line.attributes["d"].replace("M", "").replace("C", " ").split()
        ends.setdefault(float(numbers[0]), []).append(float(numbers[-2]))
    assert len(ends) == 6
    steps_apart = {round(end - start, 0) for start, found in ends.items() for end in found}
    assert len(steps_apart) == 3
    assert all(len(found) == 3 for found in ends.values())


@pytest.mark.parametrize("name", FORMS)
def test_a_head_jumps_to_the_strongest_key_of_each_word(name: str) -> None:
    weights = addresses.tensors(NOTE)["A"][5, 3]
    tree = form(drawn(attnviz.trace(NOTE), head=attnviz.HeadId(5, 3), word=12), name)
    step = next(one for one in tree.walk() if one.attributes.get("data-from") == "6")
    jumps = [one.attributes for one in parts(step, "A.5.3.")]
    assert len(jumps) == 6
    for jump in jumps:
        query, key = map(int, jump["data-part"].split(".")[3:])
        assert key == int(weights[query].argmax())
        assert float(jump["data-value"]) == pytest.approx(weights[query, key], abs=1e-5)


def test_words_are_chosen_and_answer_in_the_picture() -> None:
    trace = attnviz.trace(NOTE)
    question = next(q for q in CHAPTER.questions if q.name == "most-seen")
    assert question.in_picture
    assert question in CHAPTER.asked_beside(CHAPTER.parts[0])
    assert question.options is not None
    offered = {f"most-seen.{option.name}" for option in question.options(trace)}
    for name in FORMS:
        tree = form(drawn(trace), name)
        photo = next(e for e in tree.walk() if e.attributes.get("class") == "photograph")
        words = [e.attributes for e in photo.walk() if e.attributes.get("class") == "word"]
        assert {one["data-option"] for one in words if "data-option" in one} == offered
        assert [one["data-choose"] for one in words] == [f'{{"word": {n}}}' for n in range(27)]


@pytest.mark.parametrize("words", [60, 200])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_long_sentence_leaves_out_is_counted(words: int, language: Language) -> None:
    trace = attnviz.trace("cat " * words)
    panel = drawn(trace, language, word=words // 2)
    weights = trace.layer_weights(0)
    for name in FORMS:
        photo = next(
            e for e in form(panel, name).walk() if e.attributes.get("class") == "photograph"
        )
        shown = sum(e.attributes.get("class") == "word" for e in photo.walk())
        left_out = len(trace.tokens) - shown
        assert left_out == int(photo.attributes["data-left-out"])
        assert not left_out or str(left_out) in photo.text
    (wide, *_) = maps(panel, "L0·H3")
    assert wide.shape == (32, 32)
    columns = next(
        e.attributes["data-columns"] for e in form(panel).walk() if "data-columns" in e.attributes
    )
    at = list(map(int, columns.split()))
    assert words // 2 in at
    np.testing.assert_array_equal(wide, weights[3][np.ix_(at, at)])
    assert "32 × 32" in form(panel).text


@pytest.mark.parametrize("text", ["hi", HOSTILE, "我 爱 猫", "🙂", "a-b-c " * 12])
@pytest.mark.parametrize("language", LANGUAGES)
def test_any_sentence_stands_as_it_was_read(text: str, language: Language) -> None:
    trace = attnviz.trace(text)
    panel = drawn(trace, language)
    assert "cannot" not in panel.values
    photo = next(e for e in form(panel).walk() if e.attributes.get("class") == "photograph")
    said = [e.text for e in photo.walk() if e.attributes.get("class") == "word"]
    assert said == [token.text for token in trace.tokens][: len(said)]


def test_given_weights_are_enough() -> None:
    weights = np.full((1, 1, 3, 3), 1 / 3)
    panel = drawn(attnviz.Trace.from_weights(["a", "b", "c"], weights))
    assert len(sheets(form(panel))) == 2
    assert "cannot" not in panel.values


def test_a_model_of_other_sizes_has_its_own_maps(tiny: Model) -> None:
    panel = drawn(attnviz.trace("the cat sat", tiny), head=attnviz.HeadId(2, 3))
    assert len(sheets(form(panel))) == 8
    assert "4 heads" in steps(panel)[0]


def test_all_maps_of_the_layer_are_fanned_out_below() -> None:
    trace = attnviz.trace(NOTE)
    for which in ("z", "weights"):
        figure, _ = figure_of(CHAPTER, trace, head=attnviz.HeadId(2, 0), map=which)
        expected = trace.head_output(2) if which == "z" else trace.layer_weights(2)
        for head in range(12):
            (found,) = maps(figure.panels["wall"], f"L2·H{head}")
            np.testing.assert_array_equal(found, expected[head])


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_before_the_question_says_how_many_heads_a_wider_filter_needs(
    language: Language,
) -> None:
    scene = CHAPTER.scene(attnviz.trace(NOTE), language=language)
    said = [scene.say(CHAPTER.text), *steps(panel_of(CHAPTER.parts[0], scene))]
    assert not any(word in " ".join(said) for word in ("as many heads as", "5", "相当于多少个头"))
