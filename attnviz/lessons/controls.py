"""Controls: what a learner may set in a chapter. Data; the page makes widgets of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.facts import name, word
from attnviz.lessons.text import Text
from attnviz.texts import Language


class Cells(frozenset[tuple[int, int]]):
    """Painted cells, as row and column."""


Heads = tuple[HeadId, ...]
Value = int | float | str | HeadId | Heads | Cells


@dataclass(frozen=True, slots=True)
class Pick:
    """One of several values, which may depend on the trace."""

    name: str
    label: Text
    options: Callable[[Trace], Sequence[Value]]
    default: Callable[[Trace], Value]
    shown: Callable[[Value, Trace, Language], str] = lambda value, _, __: str(value)

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """`value` if it is one of the options, else the default."""
        return self.default(trace) if value is None or value not in self.options(trace) else value


@dataclass(frozen=True, slots=True)
class PickHeads:
    """Any of the heads, none at first."""

    name: str
    label: Text

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """Those of the given heads that the model has."""
        if not isinstance(value, tuple) or isinstance(value, HeadId):
            return ()
        return tuple(head for head in value if head in trace.heads)


@dataclass(frozen=True, slots=True)
class Paint:
    """Cells of a square, none at first: each painted cell as row and column."""

    name: str
    label: Text
    side: int

    def fitting(self, trace: Trace, value: Value | None) -> Value:
        """Those of the given cells that lie in the square."""
        del trace
        if not isinstance(value, Cells):
            return Cells()
        inside = range(self.side)
        return Cells((row, column) for row, column in value if row in inside and column in inside)


@dataclass(frozen=True, slots=True)
class Slide:
    """A whole number between two ends."""

    name: str
    label: Text
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


Control = Pick | PickHeads | Paint | Slide

LAYER = Text("Layer", "层")
HEAD = Text("Head", "头")
WORD = Text("Word", "词")


def layer_control(default: Callable[[Trace], int] = lambda _: 0) -> Pick:
    """A layer of the model."""
    return Pick("layer", LAYER, lambda trace: range(trace.model.layers), default)


def head_control(
    default: Callable[[Trace], HeadId], name: str = "head", label: Text = HEAD
) -> Pick:
    """A head of the model."""
    return Pick(name, label, lambda trace: trace.heads, default)


def word_control(default: Callable[[Trace], int] = lambda trace: word(trace).position) -> Pick:
    """A token of the sentence, by its position."""
    return Pick(
        "word",
        WORD,
        lambda trace: range(len(trace.tokens)),
        default,
        lambda value, trace, _: name(trace.tokens[int(str(value))]),
    )
