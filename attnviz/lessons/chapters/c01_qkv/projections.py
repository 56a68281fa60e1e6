"""Q, K and V of two heads: a row for each word, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trace_values import question_head
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Cell, Number, at_step, matrix, more, text
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.lettering import fitting
from attnviz.pictures.elements.sentence_words import nearby
from attnviz.pictures.elements.symbol import symbol
from attnviz.pictures.elements.words import word
from attnviz.texts import enumerated

text_of = texts_of(__name__)

COLUMNS, DECIMALS, WORDS = 4, 2, 5
PAINTS = {"Q": style.Q, "K": style.K, "V": style.V}
QUESTION = "longest"  # its answer is the length of q, shown when it is given


def _made(trace: Trace, head: HeadId, letter: str) -> np.ndarray:
    """Q, K or V of a head: "token d_head"."""
    record = trace.record(head.layer)
    if letter == "Q":
        queries: np.ndarray = record.queries[head.head]
        return queries
    return record.shared(record.keys if letter == "K" else record.values, head.head)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in one form of the figure."""

    width: int
    names: int  # width of a word
    cell: tuple[int, int]
    size: int
    top: int
    beside: bool  # whether the heads stand beside each other

    def height(self, rows: int, heads: int) -> int:
        block = self.top + 3 * self.block(rows)
        return block if self.beside else heads * block

    def block(self, rows: int) -> int:
        return round(rows * self.cell[1] + 1.8 * self.size)

    def place(self, index: int, rows: int) -> tuple[Number, Number]:
        """Left and top of a head."""
        if self.beside:
            return index * self.width / 2, 0
        return 0, index * (self.top + 3 * self.block(rows))


WIDE = _Layout(1200, 122, (84, 37), 23, 28, True)
NARROW = _Layout(390, 86, (50, 25), 11, 26, False)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is drawn in both forms: the tokens near the chosen word, of some heads."""

    scene: Scene
    heads: Sequence[HeadId]
    near: range

    def drawn(self, layout: _Layout) -> Form:
        rows = len(self.near)
        elements = [
            at_step(index, *self._head(layout, head, *layout.place(index, rows)))
            for index, head in enumerate(self.heads)
        ]
        return Form(layout.width, layout.height(rows, len(self.heads)), elements)

    def _head(self, layout: _Layout, head: HeadId, left: Number, top: Number) -> list[Element]:
        mode = self.scene.mode
        wide = layout.names + COLUMNS * layout.cell[0]
        title = text(
            left + wide / 2, top + 0.7 * layout.size, str(head), style.INK[mode],
            size=layout.size + 3, bold=True,
        )  # fmt: skip
        blocks: list[Element] = []
        for index, letter in enumerate(PAINTS):
            y = top + layout.top + index * layout.block(len(self.near))
            blocks += self._block(layout, head, letter, left, y)
        return [title, *blocks]

    def _block(
        self, layout: _Layout, head: HeadId, letter: str, left: Number, top: Number
    ) -> list[Element]:
        mode, paint, (wide, high) = self.scene.mode, PAINTS[letter], layout.cell
        projected = _made(self.scene.trace, head, letter)
        values = projected[self.near.start : self.near.stop, :COLUMNS].astype(np.float64)
        rows, columns = values.shape
        area = Area(left + layout.names + 8, top + 1.6 * layout.size, wide * columns, high * rows)
        cells = [
            [Cell(f"{letter}.{head.layer}.{head.head}.{at}.{c}") for c in range(columns)]
            for at in self.near
        ]
        label = symbol(
            area.centre[0],
            top + 0.8 * layout.size,
            letter,
            getattr(paint, mode),
            size=layout.size + 4,
        )
        drawn = matrix(
            values, area, paint, mode, decimals=DECIMALS, cells=cells, size=layout.size
        )  # fmt: skip
        is_asked = letter == "Q" and head == question_head(self.scene.trace)
        names = [self._name(layout, at, letter, left, area, is_asked) for at in self.near]
        all_of_them = more(area.right + 6, area.y + high / 2, projected.shape[1], mode,
                           size=layout.size)  # fmt: skip
        lengths = self._lengths(layout, projected, area, head) if letter == "Q" else None
        return [label, *names, drawn, all_of_them, *([lengths] if lengths else [])]

    def _name(
        self, layout: _Layout, at: int, letter: str, left: Number, area: Area, is_asked: bool
    ) -> Element:
        """A word at the left of its row; beside Q it can be clicked, and is an answer."""
        token, mode = self.scene.trace.tokens[at], self.scene.mode
        high, chosen = layout.cell[1], at == self.scene.number("word")
        place = Area(left + 4, area.y + (at - self.near.start) * high + 1, layout.names, high - 2)
        if letter == "Q":
            option = f"{QUESTION}.{at}" if is_asked and not token.is_special else None
            return word(
                place,
                token.text,
                at,
                mode,
                chosen=chosen,
                size=layout.size,
                option=option,
            )
        name = fitting(token.text, place.width - 8, layout.size)
        ink = style.INK[mode] if chosen else style.FAINT_INK[mode]
        return text(
            place.right, place.centre[1], name, ink, size=layout.size, anchor="end", bold=chosen
        )

    def _lengths(self, layout: _Layout, q: np.ndarray, area: Area, head: HeadId) -> Element:
        """How long each q is; said once the question about it is answered."""
        mode, high = self.scene.mode, layout.cell[1]
        x = area.right + (98 if layout.beside else 62)
        ink = getattr(style.Q, mode)
        shown = [text(x, area.y - 0.8 * layout.size, "|q|", ink, size=layout.size, bold=True)]
        for row, at in enumerate(self.near):
            length = float(np.linalg.norm(q[at].astype(np.float64)))
            number = text(x, area.y + (row + 0.5) * high, printed(length, DECIMALS), ink,
                          size=layout.size)  # fmt: skip
            part = f"length.{head.layer}.{head.head}.{at}"
            shown.append(element("g", number, data_part=part, data_value=repr(length)))
        return element("g", *shown, data_after=QUESTION)


def _heads(scene: Scene) -> list[HeadId]:
    return list(dict.fromkeys([scene.head("head"), scene.head("other")]))


def _draw_projections(scene: Scene) -> Drawing:
    scene.trace.require("projections")
    heads = _heads(scene)
    near = nearby(len(scene.trace.tokens), scene.number("word"), WORDS)
    rows = _Rows(scene, heads, near)
    numbers = {"head": heads[0], "other": heads[-1]}
    names = ("first", "second")[: len(heads)]
    steps = [scene.say(text_of(f"figure.heads.{name}"), **numbers) for name in names]
    heads_named = enumerated(map(str, heads), scene.language)
    alt = f"{scene.trace.model.called(scene.language)} · {heads_named}: X · W = Q, K, V"
    values = {
        str(head): {letter: _made(scene.trace, head, letter) for letter in PAINTS} for head in heads
    }
    return figure(
        rows.drawn(WIDE), rows.drawn(NARROW), steps, alt, scene.mode, scene.language, values=values
    )


def _projections_numbers(scene: Scene) -> Numbers:
    count = len(scene.trace.tokens)
    shown = len(nearby(count, scene.number("word"), WORDS))
    return {
        "followed": scene.token.name,
        "shown": shown,
        "hidden": count - shown,
        "asked": question_head(scene.trace),
        "columns": min(COLUMNS, scene.trace.model.d_head),
    }


PART = Part("projections", _draw_projections, _projections_numbers, uses=("other",))
