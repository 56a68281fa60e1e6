"""Accuracies of trainings as bars; three dots where nothing is trained yet."""

from collections.abc import Sequence

from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.bars import Bar, bars
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.style import Mode
from attnviz.training.record import Training

Row = tuple[str, Training | None]  # how it is called, and what came out


def accuracies(
    rows: Sequence[Row], mode: Mode, *, label: str, theory: tuple[str, float] | None = None
) -> Element:
    """One bar a training, from 0 to 1; `theory` is a named bar in grey below them."""
    lines = [_line(called, training, mode) for called, training in rows]
    if theory is not None:
        lines += _bar(Bar(*theory, style.FAINT_INK[mode]))
    return element("div", *lines, class_="bars", role="list", aria_label=label)


def accuracy(training: Training | None) -> str:
    """An accuracy in digits, or three dots."""
    return "…" if training is None else printed(training.accuracy, 3)


def _line(called: str, training: Training | None, mode: Mode) -> Element | str:
    if training is not None:
        return _bar(Bar(called, training.accuracy, getattr(style.HEAD_CODES[0], mode)))[0]
    return element(
        "div",
        element("span", called, class_="name"),
        element("span", class_="track"),
        element("span", accuracy(None), class_="number"),
        class_="bar",
        role="listitem",
    )


def _bar(bar: Bar) -> tuple[Element | str, ...]:
    return bars([bar], largest=1.0).children
