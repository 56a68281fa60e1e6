"""The pictures of the Train page, read back and held against the numbers."""

import re

import numpy as np
import pytest

from attnviz.pictures import style
from attnviz.pictures.colour import contrast
from attnviz.pictures.learning import Bar, bars, learning
from attnviz.pictures.live_curve import live_curve, place
from attnviz.pictures.share_courses import apart, share_courses
from attnviz.pictures.target_heatmap import target_heatmap
from attnviz.training.record import Point

COURSE = [Point(10, 2.0, 0.2), Point(20, 1.0, 0.5), Point(40, 0.25, 0.9)]


def test_the_learning_curve_holds_every_point_and_the_theory() -> None:
    chart = learning(COURSE, "a <b>name</b>", theory=0.3, step=20)
    accuracy, loss = chart.figure.data
    assert list(accuracy.x) == list(loss.x) == [10, 20, 40]
    assert list(accuracy.y) == [0.2, 0.5, 0.9]
    assert list(loss.y) == [2.0, 1.0, 0.25]
    lines = [(shape.x0, shape.y0) for shape in chart.figure.layout.shapes]
    assert (0, 0.3) in lines
    assert any(shape.x0 == shape.x1 == 20 for shape in chart.figure.layout.shapes)
    assert "0.3000" in chart.figure.layout.annotations[0].text
    assert "<b>" not in chart.figure.layout.title.text
    assert "0.900" in chart.alt


def test_the_live_curve_draws_the_same_points() -> None:
    drawn = live_curve(COURSE, 80, 0.3, "light", "en")
    accuracy, loss = re.findall(r'points="([^"]*)"', drawn)
    points = [place(p.step / 80, p.accuracy) for p in COURSE]
    assert accuracy == " ".join(f"{x},{y}" for x, y in points)
    points = [place(p.step / 80, p.loss / 2.0) for p in COURSE]
    assert loss == " ".join(f"{x},{y}" for x, y in points)
    assert f'y1="{place(0.0, 0.3)[1]}"' in drawn
    assert "0.3000" in drawn
    assert "loss ÷ 2.00" in drawn, "the scale of the loss is said"


def test_bars_are_the_accuracies_and_what_runs_has_none() -> None:
    results = [
        Bar("many looks", "1 head", 0.301),
        Bar("many looks", "8 heads", None),
        Bar("one look", "1 head", 1.0),
        Bar("one look", "8 heads", 1.0),
    ]
    chart = bars(results, "One against eight", theory=0.2999)
    many, one = chart.figure.data
    assert list(many.y) == [0.301, None]
    assert list(many.text) == ["0.301", "…"]
    assert list(one.y) == [1.0, 1.0]
    assert "0.2999" in chart.figure.layout.title.subtitle.text.replace("<br>", " ")
    assert chart.figure.layout.shapes[0].y0 == 0.2999


def test_bars_say_how_many_parameters_each_group_has() -> None:
    results = [
        Bar(task, heads, 0.5, n)
        for task, n in (("many", 22_992), ("one", 18_442))
        for heads in "18"
    ]
    said = bars(results, "One against eight").figure.layout.title.subtitle.text
    assert "many: 22,992 parameters" in said
    assert "one: 18,442 parameters" in said
    assert "group" not in said


def test_which_head_looks_where_holds_every_share() -> None:
    shares = np.random.default_rng(2).random((2, 3, 4)).astype(np.float32)
    chart = target_heatmap(shares, ["a", "b", "<c>", "d"], "my model", 16)
    drawn, numbers = chart.figure.data
    np.testing.assert_array_equal(np.asarray(drawn.z), shares.reshape(6, 4))
    assert list(drawn.y) == ["L0·H0", "L0·H1", "L0·H2", "L1·H0", "L1·H1", "L1·H2"]
    assert list(drawn.x)[2] == "&lt;c&gt;"
    assert list(numbers.text) == [f"{share:.2f}" for share in shares.ravel()]
    assert "16 random texts" in chart.figure.layout.title.subtitle.text.replace("<br>", " ")


def test_the_course_of_shares_holds_every_share_and_names_the_highest_of_each_layer() -> None:
    shares = np.random.default_rng(3).random((5, 2, 3))
    shares[-1] = [[0.1, 0.3, 0.2], [0.6, 0.4, 0.5]]
    steps = [0, 10, 20, 30, 40]
    chart = share_courses(steps, shares, "the <b>", 16, step=20)
    names = ["L0·H0", "L0·H1", "L0·H2", "L1·H0", "L1·H1", "L1·H2"]
    assert [line.name for line in chart.figure.data] == names
    for number, line in enumerate(chart.figure.data):
        assert list(line.x) == steps
        np.testing.assert_array_equal(np.asarray(line.y), shares[:, number // 3, number % 3])
    thick = [line for line in chart.figure.data if line.line.width > 1]
    assert [line.name for line in thick] == ["L0·H1", "L1·H0"]
    names = chart.figure.layout.annotations
    assert [(name.text, name.y) for name in names] == [("L0·H1", 0.3), ("L1·H0", 0.6)]
    assert "the &lt;b&gt;" in chart.figure.layout.title.subtitle.text.replace("<br>", " ")
    assert f"L1·H0: {shares[0, 1, 0]:.4f} → 0.6000" in chart.alt
    (mark,) = chart.figure.layout.shapes
    assert mark.x0 == mark.x1 == 20


@pytest.mark.parametrize(
    "ends", [[0.5, 0.5], [1.0, 0.99, 1.0], [0.0, 0.01], [0.2, 0.9, 0.23, 0.26]]
)
def test_names_at_the_ends_of_lines_never_touch(ends: list[float]) -> None:
    places = apart(ends)
    lowest_first = sorted(places)
    gaps = np.diff(lowest_first)
    assert (gaps >= 0.0749).all(), "a line of 12 px on an axis of 160 px and more"
    assert lowest_first[0] >= 0
    assert lowest_first[-1] <= 1.03
    assert [ends[i] for i in np.argsort(places)] == sorted(ends), "in the order of their lines"


@pytest.mark.parametrize("mode", style.MODES)
def test_each_share_can_be_read_on_its_ink(mode: style.Mode) -> None:
    shares = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    _, numbers = target_heatmap(shares, ["a", "b", "c", "d"], "my model", 16, mode=mode).figure.data
    grounds = style.ramp(style.INK[mode], mode)[style.level(shares.ravel())]
    for ink, ground in zip(numbers.textfont.color, grounds, strict=True):
        assert contrast(ink, "#{:02x}{:02x}{:02x}".format(*ground)) >= 4.5
