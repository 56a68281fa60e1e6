"""Chapter 6's figure: sizes of trained encoders, and accuracies that wait for the learner's."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from safetensors import safe_open

import attnviz
from attnviz.core.trace import Trace
from attnviz.lessons.chapters import chapter_called
from attnviz.lessons.controls import Bars, bars_of
from attnviz.lessons.engine import panel_of
from attnviz.lessons.link import WalkthroughState
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing, Element
from attnviz.texts import LANGUAGES, Language
from attnviz.training import checkpoint
from tests.walkthrough_links import opened, written

SIX = chapter_called(6)
DIGITS = "314159265358"
DRAWN = "30-60-80-100"
STATES = {3: 1, 4: 2, 5: 4, 6: 8}  # heads of the trained encoder, by the step


@pytest.fixture(scope="module")
def machines(minilm: Model) -> Trace:
    return attnviz.trace("Thinking Machines", minilm)


def drawn(trace: Trace, language: Language = "en", **choice: object) -> Drawing:
    panel = panel_of(SIX.parts[0], SIX.scene(trace, choice, language))  # type: ignore[arg-type]
    assert isinstance(panel, Drawing)
    return panel


def forms(panel: Drawing) -> list[Element]:
    return [one for one in panel.root.walk() if one.tag == "svg"]


def at(root: Element, step: int) -> Iterator[Element]:
    """What is there at a step."""
    first, until = (root.attributes.get(name) for name in ("data-from", "data-until"))
    if int(first or 0) <= step and (until is None or step < int(until)):
        yield root
        for child in root.children:
            if isinstance(child, Element):
                yield from at(child, step)


def boxes(root: Element, step: int) -> list[list[str]]:
    """The lines of each box at a step, from the bottom up."""
    return [
        [line.text for line in one.walk() if line.tag == "text"]
        for one in at(root, step)
        if one.attributes.get("class") == "box"
    ]


def accuracies() -> dict[int, float]:
    """What the files say, by their heads, read without the program's own reader."""
    found = {}
    for name, file in checkpoint.shipped().items():
        with safe_open(file, "np") as opened:
            facts = json.loads(opened.metadata()["training"])
        if facts["task"] == "eight-looks":
            assert name.startswith("eight-looks-1x")
            found[facts["heads"]] = facts["accuracy"]
    return dict(sorted(found.items()))


def test_the_block_has_the_sizes_of_the_trained_encoders(machines: Trace) -> None:
    encoders = {
        t.run.heads: t.model
        for t in map(checkpoint.load_shipped, checkpoint.shipped())
        if t.run.task.name == "eight-looks"
    }
    for root in forms(drawn(machines)):
        for step, heads in STATES.items():
            queries = attnviz.trace(DIGITS, encoders[heads]).queries(0)
            assert len(queries) == heads
            d_k = queries.shape[2]
            linear = ["Linear", f"64 → {d_k}", "▸ chapter 1"]
            assert boxes(root, step) == [
                *[linear] * 3,
                ["Scaled Dot-Product Attention", f"d_k = {d_k}", "▸ chapter 2"],
                ["Concat", f"{heads} × {d_k} = 64", "▸ chapter 4"],
                ["Linear", "64 → 64", "▸ chapter 4"],
            ]


def test_the_last_step_has_the_sizes_of_the_loaded_model(machines: Trace) -> None:
    heads, _, d_head = machines.queries(0).shape
    wide = machines.residual(0).shape[1]
    panel = drawn(machines)
    assert panel.root.attributes["data-steps"] == "8"
    for root in forms(panel):
        assert [lines[1] for lines in boxes(root, 7)] == [
            *[f"{wide} → {d_head}"] * 3,
            f"d_k = {d_head}",
            f"{heads} × {d_head} = {wide}",
            f"{wide} → {wide}",
        ]


def test_there_is_a_shadow_for_each_head_but_the_first(machines: Trace) -> None:
    for root in forms(drawn(machines)):
        for step, heads in {0: 8, 1: 8, 2: 8, **STATES, 7: 12}.items():
            counts = [
                one.attributes["data-count"]
                for one in at(root, step)
                if one.attributes.get("class") == "stack"
            ]
            assert counts == [str(heads)] * (3 if step == 0 else 4)
            labels = [one.text for one in at(root, step) if one.tag == "text"]
            assert labels.count(f"h = {heads}") == (1 if step == 0 else 2), "brace and slider"


def test_a_box_opens_the_chapter_that_takes_it_apart(machines: Trace) -> None:
    for root in forms(drawn(machines)):
        opened = [
            json.loads(one.attributes["data-choose"])["chapter"]
            for one in at(root, 6)
            if "data-choose" in one.attributes
        ]
        assert opened == [1, 1, 1, 2, 4, 4]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_measured_is_there_before_the_bars_are_drawn(
    machines: Trace, language: Language
) -> None:
    panel = drawn(machines, language)
    measured = [one for one in panel.root.walk() if one.attributes.get("class") == "measured"]
    assert not measured
    for share in accuracies().values():
        for decimals in (0, 1, 2):
            assert f"{100 * share:.{decimals}f} %" not in panel.root.text.replace("100 %", "")
    assert any("drawn-bars" in one.attributes.get("class", "") for one in panel.root.walk())


@pytest.mark.parametrize("language", LANGUAGES)
def test_measured_bars_are_those_of_the_files(machines: Trace, language: Language) -> None:
    expected = accuracies()
    assert list(expected) == [1, 2, 4, 8]
    panel = drawn(machines, language, drawn=DRAWN)
    for root in forms(panel):
        measured = [
            one
            for one in root.walk()
            if one.tag == "g" and one.attributes.get("class") == "measured"
        ]
        assert [float(one.attributes["data-value"]) for one in measured] == list(expected.values())
        for one, share in zip(measured, expected.values(), strict=True):
            assert float(one.text.removesuffix(" %")) == pytest.approx(100 * share, abs=0.0501)
        bars = [one.attributes for one in root.walk() if one.attributes.get("class") == "drawn"]
        heights = [float(one["height"]) for one in bars]
        assert np.array(heights) / heights[-1] == pytest.approx([0.3, 0.6, 0.8, 1.0])
    sentences = [one.text for one in panel.root.walk() if one.tag == "li"]
    for step, heads in STATES.items():
        assert f"{100 * expected[heads]:.1f} %" in sentences[step]


def test_how_many_bars_are_near_is_counted(machines: Trace) -> None:
    for given in (DRAWN, "0-0-0-0", "100-100-100-100", "25-50-90-95"):
        heights = [int(one) for one in given.split("-")]
        near = sum(
            abs(height - 100 * share) <= 10
            for height, share in zip(heights, accuracies().values(), strict=True)
        )
        said = f"{near} of your 4 bars within 10 points"
        assert said in drawn(machines, drawn=given).root.text


@pytest.mark.parametrize(
    "value",
    ["", "1-2-3", "1-2-3-4-5", "1-2-3-101", "1-2-3-x", "1-2--3", 7, 0.5, "٣-1-2-3", "1-2-3-0001"],
)
def test_what_is_no_bars_is_none(value: object, machines: Trace) -> None:
    assert Bars("drawn", 4).fitting(machines, value) == ""  # type: ignore[arg-type]


def test_drawn_bars_are_kept_in_a_link() -> None:
    progress = WalkthroughState(chapter=6).with_choice(6, "drawn", DRAWN)
    found, dropped = opened(written(progress))
    assert not dropped
    assert found.choices == {"6.drawn": DRAWN}
    assert bars_of(found.choices["6.drawn"]) == (30, 60, 80, 100)


def test_weights_alone_have_a_block_without_numbers_of_their_own() -> None:
    trace = attnviz.Trace.from_weights(["a", "b"], np.full((1, 2, 2, 2), 0.5))
    panel = panel_of(SIX.parts[0], SIX.scene(trace))
    assert isinstance(panel, Drawing)
    assert panel.root.attributes["data-steps"] == "7"
    assert boxes(forms(panel)[0], 6)[3][1] == "d_k = 8"
