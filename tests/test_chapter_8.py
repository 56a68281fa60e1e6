"""Chapter 8: what is stacked, whose information it holds, and pointers that are followed."""

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.analysis import mixing
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, LessonError
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.lessons.chapters import chapter_called
from attnviz.lessons.chapters.c08_stacking.tower import rows_of
from attnviz.lessons.controls import Value
from attnviz.lessons.engine import Scene, panel_of
from attnviz.lessons.questions import Question
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import question_word
from attnviz.lessons.trained import shipped
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing, Element
from attnviz.texts import LANGUAGES
from attnviz.training.tasks import task_called
from tests.figure_readers import all_of, few, whole
from tests.lesson_readers import adds, values

EIGHT = chapter_called(8)
LONG = " ".join(f"The law is {n}" for n in range(15))


@pytest.fixture(scope="module")
def machines(minilm: Model) -> Trace:
    return attnviz.trace("Thinking Machines", minilm)


@pytest.fixture(scope="module")
def digits() -> Trace:
    """A sentence in an encoder without feed-forward network, mask token or name."""
    return attnviz.trace("314159265358", attnviz.train("eight-looks", heads=2, steps=1).model)


@pytest.fixture(
    scope="module",
    params=["Machines", "小猫坐在垫子上，看着窗外的雨。", LONG, "🎉 <b>x</b> {word}"],
)
def anything(request: pytest.FixtureRequest, minilm: Model) -> Trace:
    return attnviz.trace(request.param, minilm)


def drawn(part: str, scene: Scene) -> Drawing:
    panel = panel_of(next(one for one in EIGHT.parts if one.name == part), scene)
    assert isinstance(panel, Drawing)
    return panel


def question(name: str) -> Question:
    return next(one for one in EIGHT.questions if one.name == name)


def form(panel: Drawing, kind: str = "wide") -> Element:
    return next(one for one in panel.root.walk() if f"figure {kind}" == one.attributes.get("class"))


def shares_drawn(root: Element) -> dict[str, float]:
    """The share of each source in each vector of a form, by its name."""
    rects = [one.attributes for one in root.walk() if one.tag == "rect"]
    return {
        one["data-part"]: float(one["data-value"])
        for one in rects
        if one.get("data-part", "").startswith("share.")
    }


def text_without(root: Element, hidden: list[Element]) -> str:
    """What can be read in a figure, some of it hidden."""
    if root in hidden:
        return ""
    return " ".join(
        one if isinstance(one, str) else text_without(one, hidden) for one in root.children
    )


def shares_by_hand(trace: Trace) -> np.ndarray:
    """The shares of every token in every r, from the model's own modules; "layer query key"."""
    module: Any = attnviz.load().module
    so_far, found = np.eye(len(trace.tokens)), []
    for layer, block in enumerate(module.encoder.layer):
        x = torch.tensor(np.array(trace.residual(layer))).double()
        own, out = block.attention.self, block.attention.output
        heads, width = 12, 32
        v = (x @ own.value.weight.T.double() + own.value.bias.double()).view(-1, heads, width)
        w_o = out.dense.weight.double().T.reshape(heads, width, -1)
        a = torch.tensor(np.array(trace.layer_weights(layer))).double()
        terms = torch.einsum("hqk,khd,hdm->qkm", a, v, w_o)
        terms += torch.eye(len(x)).double()[..., None] * x[:, None]
        scaled = (terms - terms.mean(-1, keepdim=True)) * out.LayerNorm.weight.double()
        lengths = scaled.norm(dim=-1).detach().numpy()
        so_far = (lengths / lengths.sum(1, keepdims=True)) @ so_far
        found.append(so_far)
    return np.stack(found)


# ---- the note's figure


@pytest.mark.parametrize("text", ["Thinking Machines", "The law is not perfect, but just."])
@pytest.mark.parametrize("kind", ["wide", "narrow"])
def test_every_vector_is_coloured_by_whose_information_it_holds(
    minilm: Model, text: str, kind: str
) -> None:
    trace = attnviz.trace(text, minilm)
    panel = drawn("stack", EIGHT.scene(trace, {"word": 1}))
    expected, found = shares_by_hand(trace), shares_drawn(form(panel, kind))
    for layer in range(6):
        for word in (1, 2):
            row = expected[layer, word]
            one, other = (found[f"share.{layer}.{word}.{at}"] for at in (1, 2))
            assert one == pytest.approx(row[1], abs=1e-5)
            assert other == pytest.approx(row[2], abs=1e-5)
            rest = found[f"share.{layer}.{word}.others"]
            assert one + other + rest == pytest.approx(1, abs=1e-6)
            assert rest == pytest.approx(row.sum() - row[1] - row[2], abs=1e-5)


def test_a_bar_is_as_wide_as_its_shares_and_says_their_sum(machines: Trace) -> None:
    bars = all_of(drawn("stack", EIGHT.scene(machines)), "shares")
    assert len(bars) == 2 * (2 * 2 + 6 * 2), "z and r of two words, and the tower, in two forms"
    for bar in bars:
        rects = [one.attributes for one in bar.walk() if one.tag == "rect"]
        whole = sum(float(one["width"]) for one in rects)
        for one in rects:
            share = float(one["width"]) / whole
            assert share == pytest.approx(float(one["data-value"]), abs=2e-3)
        said = bar.attributes["data-says"]
        left, _, total = said.rpartition(" = " if " = " in said else " ≈ ")
        terms = [float(term.rsplit(" ", 1)[1]) for term in left.split(" + ")]
        assert (round(sum(terms), 2) == float(total)) == (" = " in said)
        assert total == "1.00"


def test_upper_layers_are_bare_until_the_question_is_answered(machines: Trace) -> None:
    root = form(drawn("stack", EIGHT.scene(machines)))
    answers = [one for one in root.walk() if one.attributes.get("data-after") == "own"]
    questions = [one for one in root.walk() if one.attributes.get("data-before") == "own"]
    assert len(answers) == len(questions) == 5 * 2
    assert {key.split(".")[1] for one in answers for key in shares_drawn(one)} == set("12345")
    outside = text_without(root, answers)
    last = shares_drawn(root)["share.5.1.1"]
    assert f"{last:.2f}" not in outside
    assert f"{last:.2f}" not in " ".join(
        e.text for e in drawn("stack", EIGHT.scene(machines)).root.walk() if e.tag == "li"
    )


def test_what_is_not_drawn_is_counted(note: Trace) -> None:
    panel = drawn("stack", EIGHT.scene(note, {"word": 7}))
    assert panel.values["pair"] == [6, 7] or panel.values["pair"] == [7, 8]
    assert "+ 25" in form(panel).text


def test_the_residual_goes_around_both_blocks(machines: Trace, digits: Trace) -> None:
    for kind in ("wide", "narrow"):
        ways = [
            e
            for e in form(drawn("stack", EIGHT.scene(machines)), kind).walk()
            if e.attributes.get("class") == "bypass"
        ]
        assert len(ways) == 2 * 2
    panel = drawn("stack", EIGHT.scene(digits))
    assert "Feed Forward" not in panel.root.text
    assert Text(f"{EIGHT.key}.figure.no_feed_forward")["en"] in panel.root.text


def test_one_encoder_and_many(digits: Trace) -> None:
    assert "ENCODER #2" not in drawn("stack", EIGHT.scene(digits)).root.text
    assert rows_of(1) == [0]
    assert rows_of(6) == [0, 1, 2, 3, 4, 5]
    for layers in (12, 24, 48):
        shown = rows_of(layers)
        assert len(shown) <= 8
        assert (shown[0], shown[-1]) == (0, layers - 1)


def test_weights_from_elsewhere_have_no_vectors() -> None:
    given = attnviz.Trace.from_weights(["a", "b"], np.full((1, 1, 2, 2), 0.5))
    panel = panel_of(EIGHT.parts[0], EIGHT.scene(given))
    assert isinstance(panel, Drawing)
    assert panel.alt == CaptureError("only_weights").text("en") or "cannot" in panel.values


def test_anything_is_drawn_in_both_languages(anything: Trace) -> None:
    for language in LANGUAGES:
        scene = EIGHT.scene(anything, language=language)
        for part in EIGHT.parts:
            panel = drawn(part.name, scene)
            assert "cannot" not in panel.values, part.name
            assert panel.packet


# ---- pointers


@pytest.mark.parametrize(("text", "start"), [("31415026", 0), ("00000000", 7), ("76543210", 2)])
def test_pointers_are_arrows_on_the_learners_digits(machines: Trace, text: str, start: int) -> None:
    scene = EIGHT.scene(machines, {"pointers": f"d{text}", "start": start})
    panel = drawn("hops", scene)
    task, symbols = task_called("two-hop"), np.array([[int(digit) for digit in text]])
    first, second = task.targets(symbols)[:, 0]
    followed = panel.values["followed"]
    assert panel.values["text"] == text
    assert [one.right for one in followed] == [str(n) for n in task.answers(symbols)[0, :, 0]]
    deep = shipped()[EIGHT.runs(scene)[-1]]
    seen = attnviz.trace(text, deep.model)
    leaps = {
        one.attributes["data-part"]: float(one.attributes["data-value"])
        for one in all_of(panel, "leap")
        if "data-part" in one.attributes
    }
    looks = [int(np.argmax(seen.weights((layer, 0))[start])) for layer in range(2)]
    assert leaps == {
        f"hop.{layer}.{start}.{look}": float(seen.weights((layer, 0))[start, look])
        for layer, look in enumerate(looks)
    }
    right = sum(one.said == one.right for one in followed)
    assert f"{right} of 8" in EIGHT.note(EIGHT.parts[-1], scene)
    if text == "31415026":
        assert looks == [first[start], second[start]]
    for place, digit in enumerate(text):
        (box, _) = [
            e for e in panel.root.walk() if e.attributes.get("data-part") == f"digit.{place}"
        ]
        more = (int(digit) + 1) % 8
        assert (
            box.attributes["data-choose"]
            == f'{{"pointers": "d{text[:place]}{more}{text[place + 1 :]}"}}'
        )


BAD = ("d3141502", "d314150268", "d91415026", "31415026", "d3141502٣", 2)


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_eight_digits_is_the_example(machines: Trace, bad: Value) -> None:
    assert EIGHT.choice(machines, {"pointers": bad})["pointers"] == "d31415026"


def meters(trace: Trace) -> np.ndarray:
    """All four, "layer query key meter"."""
    moved = mixing.mask_shares(each_token_masked(trace))
    return np.stack([mixing.raw(trace), mixing.rollout(trace), mixing.norm_shares(trace), moved], 3)


def test_whose_shows_the_own_shares(machines: Trace) -> None:
    panel = drawn("whose", EIGHT.scene(machines, {"word": 2}))
    expected = meters(machines)[:, 2, 2]
    np.testing.assert_allclose(np.reshape(values(panel, "td"), (6, 4)), expected, atol=1e-6)
    lines = [
        [float(v) for v in one.attributes["data-values"].split()]
        for one in panel.root.walk()
        if one.tag == "polyline"
    ]
    np.testing.assert_allclose(lines, expected.T, atol=1e-6)


def test_shares_show_the_whole_row(note: Trace) -> None:
    panel = drawn("shares", EIGHT.scene(note, {"layer": 3, "word": 7}))
    table = np.reshape(values(panel, "td"), (27, 4))
    np.testing.assert_allclose(table, meters(note)[3, 7], atol=1e-6)
    np.testing.assert_allclose(table.sum(axis=0), 1, atol=1e-5)
    (marked,) = (one for one in whole(panel.root) if one.attributes.get("class") == "marked")
    assert float(marked.attributes["data-value"]) == table[7, 3]
    rows = [e.text for e in whole(panel.root) if e.attributes.get("scope") == "row"]
    assert rows == [token.name for token in note.tokens]


def test_a_projectors_screen_shows_the_largest_shares_and_the_others_together(note: Trace) -> None:
    shown = few(drawn("shares", EIGHT.scene(note, {"layer": 3, "word": 7})))
    *rows, last = [e.text for e in shown.walk() if e.attributes.get("scope") == "row"]
    numbers = [
        float(e.attributes["data-value"])
        for e in shown.walk()
        if e.tag == "td" and "data-value" in e.attributes
    ]
    table = np.array(numbers).reshape(13, 4)
    every = {token.name: line for token, line in zip(note.tokens, meters(note)[3, 7], strict=True)}
    for name, line in zip(rows, table, strict=False):
        np.testing.assert_allclose(line, every[name], atol=1e-6)
    left_out = [line for name, line in every.items() if name not in rows]
    assert last == f"all others ({len(left_out)})"
    assert len(left_out) == 27 - 12
    np.testing.assert_allclose(table[-1], np.sum(left_out, axis=0), atol=1e-6)
    assert note.tokens[7].name in rows
    assert min(every[name].max() for name in rows[:-1] if name != note.tokens[7].name) >= max(
        line.max() for line in left_out
    )
    small = drawn("shares", EIGHT.scene(attnviz.trace("Thinking Machines")))
    assert not any("screen" in e.attributes.get("class", "") for e in small.root.walk())


def test_three_meters_where_nothing_can_be_masked(digits: Trace) -> None:
    with pytest.raises(LessonError) as caught:
        each_token_masked(digits)
    for language in LANGUAGES:
        scene = EIGHT.scene(digits, language=language)
        for part in ("whose", "shares"):
            panel = drawn(part, scene)
            (notice,) = all_of(panel, "notice")
            assert caught.value.text(language) in notice.text
            assert len(values(panel, "td")) == 3 * (12 if part == "shares" else 1)


def test_one_look_by_hand(machines: Trace) -> None:
    known = 1 / 8 + 7 / 8 * 2 / 8
    answer = question("one-look").answer(machines)
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
    asked = question("one-look")
    measured = shipped()[EIGHT.runs(EIGHT.scene(machines))[1]].accuracy
    answer = asked.answer(machines)
    assert isinstance(answer, float)
    assert measured > answer
    for language, own_and_one in (("en", "one other place"), ("zh", "另外一个位置")):
        assert own_and_one in asked.asks(machines, "zh" if language == "zh" else "en")
        assert f"{measured:.3f}" in asked.explains(machines, "zh" if language == "zh" else "en")


def test_the_checkers_of_chapter_eight_agree_with_the_meters(anything: Trace) -> None:
    at = question_word(anything).position
    assert question("own").answer(anything) == pytest.approx(
        float(mixing.norm_shares(anything)[-1, at, at]), abs=1e-5
    )
    assert question("adds").answer(anything) == adds(EIGHT, anything)
    assert question("width").answer(anything) == "same"


def test_hops_show_what_is_trained(machines: Trace) -> None:
    scene = EIGHT.scene(machines)
    runs = EIGHT.runs(scene)
    assert [(run.task.name, run.layers, run.heads) for run in runs] == [
        ("one-hop", 1, 1),
        ("two-hop", 1, 1),
        ("two-hop", 2, 1),
    ]
    panel = drawn("hops", scene)
    assert values(panel, "div") == [shipped()[run].accuracy for run in runs[1:]]
    mine = replace(shipped()[runs[2]], run=runs[0], accuracy=0.5)
    panel = drawn("hops", EIGHT.scene(machines, trainings=(mine,)))
    assert values(panel, "div") == [0.5, *(shipped()[run].accuracy for run in runs[1:])]
