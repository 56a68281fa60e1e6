"""The note's second figure: two words as columns, from their embeddings down to z."""

import json
from dataclasses import dataclass

import numpy as np

from attnviz.digits import equals, printed
from attnviz.lessons import note_example
from attnviz.lessons.chapters.c02_worked_numbers.ladder import WEIGHTED, coloured, label, number
from attnviz.lessons.chapters.c02_worked_numbers.worked import Worked, worked
from attnviz.lessons.controls import Pick
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Cell, at_step, corners, matrix
from attnviz.pictures.elements.fade import faded
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.grid import empty
from attnviz.pictures.elements.products import dot_product, factor, makes
from attnviz.pictures.elements.symbol import symbol
from attnviz.pictures.elements.words import word

text_of = texts_of(__name__)

ROWS = (
    "input", "embedding", "queries", "keys", "values", "score", "divided", "softmax",
    "weighed", "sum",
)  # fmt: skip
STEPS = ("words", "vectors", "score", "divided", "softmax", "weighed", "sum", "other")
PAINTS = {"x": style.X, "q": style.Q, "k": style.K, "v": style.V, "z": style.Z}
SMALL = ("₁", "₂")

ROW = Pick(
    "row",
    lambda _: range(len(note_example.WORDS)),
    lambda _: 0,
    lambda value, _, __: note_example.WORDS[int(str(value))],
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in one form of the figure."""

    width: int
    height: int
    labels: tuple[int, int]  # left and width
    columns: tuple[int, int]  # middles
    half: int  # of a column
    rows: tuple[int, ...]  # middles
    cell: tuple[int, int]
    size: int
    large: int
    labels_size: int


WIDE = _Layout(
    1200, 690, (24, 230), (470, 890), 200,
    (34, 96, 158, 218, 278, 350, 412, 474, 542, 608), (72, 38), 23, 25, 23,
)  # fmt: skip
NARROW = _Layout(
    390, 660, (4, 84), (164, 314), 73,
    (24, 82, 138, 190, 242, 312, 370, 428, 490, 556), (34, 30), 12, 13, 11,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Ladder:
    """What is drawn in both forms."""

    scene: Scene
    worked: Worked

    def drawn(self, layout: _Layout) -> Form:
        elements = [self._frame(layout), *self._labels(layout)]
        for column in range(len(note_example.WORDS)):
            elements += self._column(layout, column)
        elements.append(at_step(STEPS.index("sum"), self._formula(layout)))
        return Form(layout.width, layout.height, elements)

    def _y(self, layout: _Layout, row: str) -> int:
        return layout.rows[ROWS.index(row)]

    def _frame(self, layout: _Layout) -> Element:
        """The note's line around all that the word's z is made of."""
        main = layout.columns[self.worked.row]
        other = layout.columns[1 - self.worked.row]
        side = 1 if other > main else -1
        near, far, out = main + side * layout.half, main - side * layout.half, other
        out += side * layout.half
        above = (self._y(layout, "values") + self._y(layout, "score")) / 2
        below = (self._y(layout, "weighed") + self._y(layout, "sum")) / 2
        last = self._y(layout, "sum") + layout.cell[1] / 2 + 8
        corners = [
            (far, 6), (near, 6), (near, above), (out, above),
            (out, below), (near, below), (near, last), (far, last),
        ]  # fmt: skip
        return element(
            "polygon",
            points=" ".join(f"{x:.0f},{y:.0f}" for x, y in corners),
            fill="none",
            stroke=style.FAINT_INK[self.scene.mode],
            stroke_width=1.6,
        )

    def _labels(self, layout: _Layout) -> list[Element]:
        left, width = layout.labels
        size = layout.labels_size
        labels = {
            row: self.scene.say(text_of(f"figure.rows.{row}"), divisor=note_example.DIVISOR)
            for row in ROWS
        }
        return [
            line
            for row in ROWS
            for line in label(labels[row], left, self._y(layout, row), width, self.scene.mode, size)
        ]

    def _column(self, layout: _Layout, column: int) -> list[Element]:
        elements: list[Element] = [self._word(layout, column)]
        for letter, row, step in (
            ("x", "embedding", "words"),
            ("q", "queries", "vectors"),
            ("k", "keys", "vectors"),
            ("v", "values", "vectors"),
        ):
            values = self.worked.vectors[letter][column]
            elements += self._vector(layout, letter, row, column, values, STEPS.index(step))
        elements += [
            at_step(STEPS.index("score"), self._score(layout, column)),
            at_step(STEPS.index("divided"), self._divided(layout, column)),
            at_step(STEPS.index("softmax"), self._weight(layout, column)),
            *self._weighed(layout, column),
        ]
        if column == self.worked.row:
            elements += self._z(layout, column)
        return elements

    def _word(self, layout: _Layout, column: int) -> Element:
        x, y = layout.columns[column], self._y(layout, "input")
        wide = min(180, 2 * layout.half - 12)
        area = Area(x - wide / 2, y - layout.cell[1] / 2, wide, layout.cell[1])
        clickable = word(
            area, note_example.WORDS[column], column, self.scene.mode,
            chosen=column == self.worked.row, size=layout.large, control=ROW.name,
            part=f"note.word.{column}",
        )  # fmt: skip
        if column == self.worked.row:
            return clickable
        frame = Area(area.x - 6, area.y - 6, area.width + 12, area.height + 12)
        hint = element(
            "rect",
            **corners(frame),
            rx=10,
            fill="none",
            stroke=getattr(style.X, self.scene.mode),
            stroke_width=2,
            stroke_dasharray="6 4",
            pointer_events="none",
        )
        return element("g", clickable, at_step(STEPS.index("other"), hint))

    def _area(self, layout: _Layout, row: str, column: int, cells: int) -> Area:
        wide, high = min(layout.cell[0], (2 * layout.half - 28) / cells), layout.cell[1]
        x, y = layout.columns[column], self._y(layout, row)
        return Area(x - cells * wide / 2 + layout.size / 2, y - high / 2, cells * wide, high)

    def _vector(
        self, layout: _Layout, letter: str, row: str, column: int, values: np.ndarray, step: int
    ) -> list[Element]:
        """One of x, q, k, v: empty until its numbers come."""
        mode, paint = self.scene.mode, PAINTS[letter]
        area = self._area(layout, row, column, len(values))
        cells = [[Cell(f"note.{letter.upper()}.{column}.{c}") for c in range(len(values))]]
        drawn = matrix(
            values[None, :], area, paint, mode, decimals=0, cells=cells, size=layout.size
        )
        return [
            empty(1, len(values), area, paint, mode),
            self._symbol(layout, letter, column, area),
            at_step(step, drawn),
        ]

    def _symbol(self, layout: _Layout, letter: str, column: int, area: Area) -> Element:
        colour = getattr(PAINTS[letter], self.scene.mode)
        x, y = area.x - layout.size, area.centre[1]
        return symbol(x, y, letter, colour, below=str(column + 1), size=layout.size + 5)

    def _score(self, layout: _Layout, column: int) -> Element:
        row, product = self.worked.row, float(self.worked.products[column])
        q, k = (self.worked.vectors[letter][at] for letter, at in (("q", row), ("k", column)))
        *grown, total = dot_product(q.tolist(), k.tolist(), product, 0)
        names = f"q{SMALL[row]}", f"k{SMALL[column]}"
        start = f"{names[0]} · {names[1]} = "
        pieces = [(names[0], style.Q), (" · ", None), (names[1], style.K), (" = ", None)]
        pieces.append((printed(product, 0), style.SCORE))
        x, y = layout.columns[column], self._y(layout, "score")
        lights = [f"note.Q.{row}.{c}" for c in range(len(q))]
        lights += [f"note.K.{column}.{c}" for c in range(len(k))]
        return number(
            coloured(x, y, pieces, self.scene.mode, layout.large),
            product,
            f"note.D.{row}.{column}",
            start + total,
            lights,
            json.dumps([start + one for one in grown], ensure_ascii=False),
        )

    def _divided(self, layout: _Layout, column: int) -> Element:
        row, product = self.worked.row, printed(float(self.worked.products[column]), 0)
        score = float(self.worked.scores[column])
        shown = printed(score, 0 if score.is_integer() else 3)
        x, y = layout.columns[column], self._y(layout, "divided")
        return number(
            coloured(x, y, [(shown, style.SCORE)], self.scene.mode, layout.large),
            score,
            f"note.S.{row}.{column}",
            f"{product} ÷ {note_example.DIVISOR} = {shown}",
            [f"note.D.{row}.{column}"],
        )

    def _weight(self, layout: _Layout, column: int) -> Element:
        row, weight = self.worked.row, float(self.worked.weights[column])
        shown = printed(weight, WEIGHTED)
        x, y = layout.columns[column], self._y(layout, "softmax")
        return number(
            coloured(x, y, [(shown, style.SCORE)], self.scene.mode, layout.large),
            weight,
            f"note.A.{row}.{column}",
            _softmax(self.worked, column),
            [f"note.S.{row}.{other}" for other in range(len(self.worked.scores))],
        )

    def _weighed(self, layout: _Layout, column: int) -> list[Element]:
        """The value times its weight, drawn as opaque as the root of its weight."""
        row, weight = self.worked.row, float(self.worked.weights[column])
        values, v = self.worked.weighed[column], self.worked.vectors["v"][column]
        area = self._area(layout, "weighed", column, len(values))
        cells = []
        for c, value in enumerate(values):
            pair = (printed(weight, WEIGHTED), printed(float(v[c]), 0))
            product = printed(float(value), WEIGHTED)
            says = f"{pair[0]} · {pair[1]} {makes([pair], product)} {product}"
            lights = [f"note.A.{row}.{column}", f"note.V.{column}.{c}"]
            cells.append(Cell(f"note.AV.{row}.{column}.{c}", lights, says))
        drawn = matrix(
            values[None, :], area, style.V, self.scene.mode,
            decimals=WEIGHTED, cells=[cells], size=layout.size,
        )  # fmt: skip
        symbol_ = self._symbol(layout, "v", column, area)
        grid = empty(1, len(values), area, style.V, self.scene.mode)
        step = STEPS.index("weighed")
        return [symbol_, at_step(0, grid, until=step), at_step(step, faded(drawn, weight**0.5))]

    def _z(self, layout: _Layout, column: int) -> list[Element]:
        z, weighed = self.worked.z, self.worked.weighed
        area = self._area(layout, "sum", column, len(z))
        cells = []
        for c, value in enumerate(z):
            terms = [printed(float(t), WEIGHTED) for t in weighed[:, c]]
            component = printed(value, 2)
            says = f"{' + '.join(terms)} {equals(terms, component)} {component}"
            lights = [f"note.AV.{column}.{other}.{c}" for other in range(len(weighed))]
            cells.append(Cell(f"note.Z.{column}.{c}", lights, says))
        drawn = matrix(
            z[None, :], area, style.Z, self.scene.mode,
            decimals=WEIGHTED, cells=[cells], size=layout.size,
        )  # fmt: skip
        grid = empty(1, len(z), area, style.Z, self.scene.mode)
        return [
            grid,
            self._symbol(layout, "z", column, area),
            at_step(STEPS.index("sum"), drawn),
        ]

    def _formula(self, layout: _Layout) -> Element:
        """The note's line: z is the values, each times its weight."""
        pieces: list[tuple[str, style.Paint | None]] = [
            (f"z{SMALL[self.worked.row]}", style.Z), (" = ", None),
        ]  # fmt: skip
        for column, weight in enumerate(self.worked.weights):
            pieces += [(" + ", None)] * (column > 0)
            pieces += [(printed(float(weight), WEIGHTED), style.SCORE), (" ", None)]
            pieces.append((f"v{SMALL[column]}", style.V))
        x, y = layout.columns[0] - layout.half, layout.height - layout.large
        return coloured(x, y, pieces, self.scene.mode, layout.large + 2, "start")


def _softmax(of: Worked, column: int) -> str:
    """A weight, written out from the scores."""
    powers = [f"e^{factor(printed(float(score), 0))}" for score in of.scores]
    weight = printed(float(of.weights[column]), WEIGHTED)
    return f"{powers[column]} ÷ ({' + '.join(powers)}) ≈ {weight}"


def _draw_note(scene: Scene) -> Drawing:
    ladder = _Ladder(scene, worked(scene.number(ROW.name)))
    numbers = {**_note_numbers(scene), "softmax": _softmax(ladder.worked, 0)}
    steps = [scene.say(text_of(f"figure.steps.{step}"), **numbers) for step in STEPS]
    weights = [printed(float(w), WEIGHTED) for w in ladder.worked.weights]
    alt = scene.say(text_of("figure.alt"), **numbers, first=weights[0], second=weights[1])
    values = {
        "products": ladder.worked.products,
        "scores": ladder.worked.scores,
        "weights": ladder.worked.weights,
        "z": ladder.worked.z,
    }
    return figure(
        ladder.drawn(WIDE),
        ladder.drawn(NARROW),
        steps,
        alt,
        scene.mode,
        scene.language,
        values=values,
    )


def _note_numbers(scene: Scene) -> Numbers:
    row = scene.number(ROW.name)
    return {
        "asks": note_example.WORDS[row],
        "beside": note_example.WORDS[1 - row],
        "divisor": note_example.DIVISOR,
        "width": note_example.D_K,
        "cells": note_example.W_Q.shape[1],
    }


PART = Part("note", _draw_note, _note_numbers, uses=(ROW.name,))
