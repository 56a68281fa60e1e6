"""Controls: what a learner may set in a chapter. Data; the page makes widgets of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import question_word
from attnviz.texts import Language


class Cells(frozenset[tuple[int, int]]):
    """Painted cells, as row and column."""


Heads = tuple[HeadId, ...]
Value = int | float | str | HeadId | Heads | Cells


class _Labelled:
    """What has a label: the text `key`, which the chapter gives where the control has none."""

    __slots__ = ()
    key: str

    @property
    def label(self) -> Text:
        """What the control is called."""
        return Text(self.key)


@dataclass(frozen=True, slots=True)
class Pick(_Labelled):
    """One of several values, which may depend on the trace."""

    name: str
    options: Callable[[Trace], Sequence[Value]]
    default: Callable[[Trace], Value]
    shown: Callable[[Value, Trace, Language], str] = lambda value, _, __: str(value)
    key: str = ""

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """`value` if it is one of the options, else the default."""
        return self.default(trace) if value is None or value not in self.options(trace) else value


@dataclass(frozen=True, slots=True)
class PickHeads(_Labelled):
    """Any of the heads, none at first."""

    name: str
    key: str = ""

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """Those of the given heads that the model has."""
        if not isinstance(value, tuple) or isinstance(value, HeadId):
            return ()
        return tuple(head for head in value if head in trace.heads)


@dataclass(frozen=True, slots=True)
class Paint(_Labelled):
    """Cells of a square, none at first: each painted cell as row and column."""

    name: str
    side: int
    key: str = ""

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """Those of the given cells that lie in the square."""
        del trace
        if not isinstance(value, Cells):
            return Cells()
        inside = range(self.side)
        return Cells((row, column) for row, column in value if row in inside and column in inside)


@dataclass(frozen=True, slots=True)
class Slide(_Labelled):
    """A whole number between two ends."""

    name: str
    least: int
    most: int
    step: int
    start: int
    key: str = ""

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """`value` on the nearest step between the ends, else the start."""
        del trace
        if not isinstance(value, int | float) or not self.least <= value <= self.most:
            return self.start
        return self.least + self.step * round((value - self.least) / self.step)


Control = Pick | PickHeads | Paint | Slide


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
