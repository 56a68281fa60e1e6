"""Controls: what a learner may set in a chapter. Data; the page makes widgets of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import question_word
from attnviz.texts import Language


class Cells(frozenset[tuple[int, int]]):
    """Painted cells, as row and column."""


class Edited(frozenset[tuple[str, int]]):
    """Numbers that were typed into a picture: the name of each, and what it is now."""


Heads = tuple[HeadId, ...]
Value = int | float | str | HeadId | Heads | Cells | Edited


@dataclass(frozen=True, slots=True)
class _Named:
    """What all controls have: a name, and a label, which the chapter gives where there is none."""

    name: str
    key: str = field(default="", kw_only=True)  # of the label

    @property
    def label(self) -> Text:
        """What the control is called."""
        return Text(self.key)


@dataclass(frozen=True, slots=True)
class Pick(_Named):
    """One of several values, which may depend on the trace."""

    options: Callable[[Trace], Sequence[Value]]
    default: Callable[[Trace], Value]
    shown: Callable[[Value, Trace, Language], str] = lambda value, _, __: str(value)

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """`value` if it is one of the options, else the default."""
        return self.default(trace) if value is None or value not in self.options(trace) else value


@dataclass(frozen=True, slots=True)
class PickHeads(_Named):
    """Any of the heads, none at first."""

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """Those of the given heads that the model has."""
        if not isinstance(value, tuple) or isinstance(value, HeadId):
            return ()
        return tuple(head for head in value if head in trace.heads)


@dataclass(frozen=True, slots=True)
class Paint(_Named):
    """Cells of a square, none at first: each painted cell as row and column."""

    side: int

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """Those of the given cells that lie in the square."""
        del trace
        if not isinstance(value, Cells):
            return Cells()
        inside = range(self.side)
        return Cells((row, column) for row, column in value if row in inside and column in inside)


@dataclass(frozen=True, slots=True)
class Edit(_Named):
    """Whole numbers of a picture that a learner may change, as they are at first by their names."""

    start: Mapping[str, int]
    least: int
    most: int

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """Those of the given numbers that are in the picture, between the ends, and changed."""
        del trace
        if not isinstance(value, Edited):
            return Edited()
        return Edited(
            (name, number)
            for name, number in value
            if self.least <= number <= self.most and self.start.get(name, number) != number
        )


@dataclass(frozen=True, slots=True)
class Slide(_Named):
    """A whole number between two ends."""

    least: int
    most: int
    step: int
    start: int

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """`value` on the nearest step between the ends, else the start."""
        del trace
        if not isinstance(value, int | float) or not self.least <= value <= self.most:
            return self.start
        return self.least + self.step * round((value - self.least) / self.step)


@dataclass(frozen=True, slots=True)
class Bars(_Named):
    """Bars that a learner draws in a picture, in per cent: "30-45-80-95"; none at first."""

    count: int

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """`value` if it is as many bars, else none."""
        del trace
        return value if isinstance(value, str) and len(bars_of(value)) == self.count else ""


def bars_of(value: Value) -> tuple[int, ...]:
    """The bars of a value of `Bars`, each from 0 to 100; none if it holds none, or others."""
    parts = value.split("-") if isinstance(value, str) else []
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return ()
    bars = tuple(map(int, parts))
    return bars if all(bar <= 100 for bar in bars) else ()


@dataclass(frozen=True, slots=True)
class Digits(_Named):
    """Some digits that a learner types or counts up, each below `base`. Written as d31415026."""

    length: int
    base: int
    start: str

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """`value` if it is so many digits, else the start."""
        del trace
        return value if isinstance(value, str) and self.is_right(value) else f"d{self.start}"

    def is_right(self, value: str) -> bool:
        """Whether it is written as it should be."""
        digits = value.removeprefix("d")
        known = digits.isascii() and digits.isdigit() and len(digits) == self.length
        return known and value[0] == "d" and all(int(digit) < self.base for digit in digits)


Control = Pick | PickHeads | Paint | Edit | Bars | Slide | Digits


def layer_control(default: Callable[[Trace], int] = lambda _: 0) -> Pick:
    """A layer of the model."""
    return Pick("layer", lambda trace: range(trace.model.layers), default, key="control.layer")


def head_control(default: Callable[[Trace], HeadId]) -> Pick:
    """A head of the model."""
    return Pick("head", lambda trace: trace.heads, default, key="control.head")


def other_head_control(name: str, default: Callable[[Trace], HeadId]) -> Pick:
    """One of several heads of the model, with a label of its chapter."""
    return Pick(name, lambda trace: trace.heads, default)


def word_control(
    default: Callable[[Trace], int] = lambda trace: question_word(trace).position,
) -> Pick:
    """A token of the sentence, by its position."""
    return Pick(
        "word",
        lambda trace: range(len(trace.tokens)),
        default,
        lambda value, trace, _: trace.tokens[int(str(value))].name,
        key="control.word",
    )
