"""Digits: bounds are rounded away from what they bound, chosen numbers are written in full."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz
from attnviz.analysis import handmade
from attnviz.analysis.lens import Lens
from attnviz.core.maps import Withheld
from attnviz.digits import (
    at_least,
    at_most,
    equals,
    error_at_most,
    exact,
    exact_percent,
)
from attnviz.lessons.claims import Case, claims, try_claim
from attnviz.lessons.controls import Value
from attnviz.lessons.engine import panel_of
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing
from attnviz.pictures.picture import withheld_notes

TEXTS = ("Thinking Machines", "The cat sat on the mat because it was tired.")
numbers = st.floats(-1000, 1000, allow_nan=False)


def read(text: str) -> float:
    return float(text.replace("−", "-"))


@given(numbers, st.integers(0, 6))
def test_a_bound_is_on_its_side_and_no_farther_than_a_digit(value: float, decimals: int) -> None:
    above, below = at_most(value, decimals), at_least(value, decimals)
    assert read(below) <= value <= read(above)
    assert read(above) - read(below) <= 1.0001 * 10**-decimals
    for text in (above, below):
        assert re.fullmatch(rf"−?\d+(\.\d{{{decimals}}})?", text)
        assert text.lstrip("−0.") or "−" not in text


@given(st.floats(0, 100, allow_nan=False))
def test_no_error_is_larger_than_is_said(error: float) -> None:
    said = float(error_at_most(error))
    assert error <= said
    if error > 1e-300:
        assert said <= 2 * error * (1 + 1e-9)


@pytest.mark.parametrize(
    ("error", "said"),
    [(2.1e-7, "3e-07"), (1e-4, "1e-04"), (9.5e-8, "1e-07"), (0.0, "0"), (-2.4e-7, "3e-07")],
)
def test_errors_by_hand(error: float, said: str) -> None:
    assert error_at_most(error) == said


def test_float32_is_bounded_as_it_is() -> None:
    value = float(np.float32(0.1))  # 0.10000000149…
    assert at_most(value, 3) == "0.101"
    assert at_least(value, 3) == "0.100"


@pytest.mark.parametrize(
    ("value", "said", "percent"),
    [
        (0.004, "0.004", "0.4 %"),
        (0.996, "0.996", "99.6 %"),
        (0.57, "0.57", "57 %"),
        (1.0, "1", "100 %"),
        (1e-7, "0.0000001", "0.00001 %"),
    ],
)
def test_what_was_chosen_is_written_in_full(value: float, said: str, percent: str) -> None:
    assert exact(value) == said
    assert exact_percent(value) == percent


@given(st.floats(0.0001, 1))
def test_thresholds_on_a_picture_are_those_of_the_lens(value: float) -> None:
    lens = Lens(at_least=value, strongest=value / 2)
    (note,) = withheld_notes(Withheld(weak_hidden=1), lens, None, "en")
    found = re.search(r"below ([\d.]+), beyond the strongest ([\d.]+) %", note)
    assert found is not None
    assert float(found[1]) == value
    assert float(found[2]) / 100 == pytest.approx(value / 2, rel=1e-15)


def test_the_sign_of_a_sum_says_whether_its_digits_add_up() -> None:
    assert equals(["0.164", "0.470"], "0.634") == "="
    assert equals(["0.164", "0.470"], "0.633") == "≈"
    assert equals(["0.100", "−0.300"], "−0.200") == "="


# ---- in the lessons


def part(number: int, name: str, trace: attnviz.Trace, **choice: Value) -> tuple[Drawing, str]:
    """A part's drawing, and its note with the numbers filled."""
    chapter = attnviz.chapters()[number - 1]
    scene = chapter.scene(trace, choice)
    (found,) = (one for one in chapter.parts if one.name == name)
    drawing = panel_of(found, scene)
    assert isinstance(drawing, Drawing)
    return drawing, chapter.note(found, scene)


@pytest.mark.parametrize("name", ["C1", "C9"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_claim_never_says_less_than_the_error(minilm: Model, name: str, text: str) -> None:
    (claim,) = (one for one in claims() if one.name == name)
    trial = try_claim(claim, Case(attnviz.trace(text, minilm)))
    assert trial.value is not None
    assert trial.value <= float(str(trial.numbers["value"]))


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("text", TEXTS)
def test_never_below_is_never_above_the_least_weight(minilm: Model, text: str, shift: int) -> None:
    trace = attnviz.trace(text, minilm)
    drawing, _ = part(2, "handmade", trace, shift=shift)
    twin = drawing.values["twin"]
    least = float(np.diagonal(trace.weights(twin), shift).min())
    (said,) = re.findall(r"mean weight [\d.]+, least ([\d.]+)", drawing.root.text)
    assert float(said.rstrip(".")) <= least


def test_the_strength_that_is_called_enough_is_enough(note: attnviz.Trace) -> None:
    drawing, _ = part(2, "handmade", note, shift=-1, strength=40)
    (needed,) = re.findall(r"strength ([\d.]+\d) is enough", drawing.root.text)
    weights = handmade.attention(handmade.shifting_query(-1, float(needed)))
    assert handmade.least_on(weights, -1) >= 0.9
