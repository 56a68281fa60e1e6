"""The note's first figure: X, and of two heads three matrices each with the Q, K, V they make."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attnviz.lessons import note_example
from attnviz.lessons.controls import Edit, Edited
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Cell, Number, arrow, at_step, cell_of, matrix, text
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.grid import empty
from attnviz.pictures.elements.products import dot_product
from attnviz.pictures.elements.symbol import symbol

text_of = texts_of(__name__)

MOST = 99  # that can be typed
PAINTS = {"Q": style.Q, "K": style.K, "V": style.V}
HEADS = ("₀", "₁")
NAMES = {"first": 0, "second": 1}
Tables = dict[str, np.ndarray]

# Head 0 has the note's matrices; the note draws those of head 1 without numbers: these are ours.
OURS = {
    "Q": np.array([[1, 0, 2], [0, 3, 1], [2, 1, 0], [1, 0, 1]]),
    "K": np.array([[0, 2, 1], [1, 1, 0], [3, 0, 1], [0, 2, 2]]),
    "V": np.array([[2, 1, 0], [1, 0, 3], [0, 1, 1], [1, 2, 0]]),
}
THEIRS = {"Q": note_example.W_Q, "K": note_example.W_K, "V": note_example.W_V}
START: Tables = {  # "X", and "WQ.1" of head 1
    "X": note_example.X,
    **{
        f"W{letter}.{head}": tables[letter]
        for head, tables in enumerate((THEIRS, OURS))
        for letter in PAINTS
    },
}
EDIT = Edit(
    "numbers",
    {
        f"{name}.{row}.{column}": int(value)
        for name, table in START.items()
        for (row, column), value in np.ndenumerate(table)
    },
    -MOST,
    MOST,
)
STEPS = ("x", "w", "q", "kv", "other", "yours")


def tables(edited: Edited) -> Tables:
    """All matrices with the numbers that were typed, and the products Q, K, V of each head."""
    matrices = {name: table.copy() for name, table in START.items()}
    for place, number in edited:
        name, row, column = place.rsplit(".", 2)
        matrices[name][int(row), int(column)] = number
    for letter in PAINTS:
        for head in range(len(HEADS)):
            matrices[f"{letter}.{head}"] = matrices["X"] @ matrices[f"W{letter}.{head}"]
    return matrices


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in one form of the figure; what is of a head, from its left edge."""

    width: int
    height: int
    x: Area
    made: int  # left edge of Q, K, V
    learned: int  # and of the W
    cell: tuple[int, int]
    tops: tuple[int, int, int]  # of the W
    size: Number  # of numbers
    title: int  # its y
    trunks: tuple[int, int] | None = None  # x of the lines from X to the W of each head

    @property
    def half(self) -> float:
        return self.width / 2

    def area(self, letter: str, head: int) -> Area:
        """Of Q, K, V or, with W before it, of its matrix."""
        wide, high = self.cell
        top, rows = self.tops["QKV".index(letter[-1])], len(note_example.W_Q)
        if letter[0] == "W":
            return Area(self.learned + head * self.half, top, 3 * wide, rows * high)
        return Area(self.made + head * self.half, top + high, 3 * wide, 2 * high)


WIDE = _Layout(
    1200, 664, Area(484, 44, 232, 76), 124, 334, (57, 38), (184, 344, 504), 23, 152, (584, 1186)
)
NARROW = _Layout(390, 640, Area(140, 34, 136, 56), 6, 104, (28, 28), (196, 352, 508), 12, 142)


def _address(name: str, row: int, column: int, edited: Edited) -> str:
    """The name of a number: the note's, ours, or once something was typed the reader's."""
    letter, _, head = name.partition(".")
    if edited:
        return f"typed.{name}.{row}.{column}"
    return f"{'ours' if head == '1' else 'note'}.{letter}.{row}.{column}"


@dataclass(frozen=True, slots=True)
class _Matrices:
    """What is drawn in both forms."""

    scene: Scene
    edited: Edited
    tables: Mapping[str, np.ndarray]

    def drawn(self, layout: _Layout) -> Form:
        steps = [at_step(0, *self._entering(layout)), *self._line(layout)]
        for head in range(len(HEADS)):
            steps += self._head(layout, head)
        return Form(layout.width, layout.height, steps)

    def _cells(self, name: str) -> list[list[Cell]]:
        """Of X or a W: each can be changed."""
        return [
            [
                Cell(
                    _address(name, row, column, self.edited),
                    edits=("numbers", f"{name}.{row}.{column}", MOST),
                )
                for column in range(self.tables[name].shape[1])
            ]
            for row in range(len(self.tables[name]))
        ]

    def _products(self, letter: str, head: int) -> list[list[Cell]]:
        """Of Q, K or V: each says how it is made."""
        x, w = self.tables["X"], self.tables[f"W{letter}.{head}"]
        return [
            [self._product(letter, head, row, column) for column in range(w.shape[1])]
            for row in range(len(x))
        ]

    def _product(self, letter: str, head: int, row: int, column: int) -> Cell:
        x = self.tables["X"][row].astype(float)
        w = self.tables[f"W{letter}.{head}"][:, column].astype(float)
        product, weight = f"{letter}.{head}", f"W{letter}.{head}"
        start = f"{letter}{HEADS[head]} · {note_example.WORDS[row]}: "
        *grown, total = dot_product(x.tolist(), w.tolist(), float(x @ w), 0)
        lights = [_address("X", row, at, self.edited) for at in range(len(x))]
        lights += [_address(weight, at, column, self.edited) for at in range(len(w))]
        plays = [start + text for text in grown]
        part = _address(product, row, column, self.edited)
        return Cell(part, lights, start + total, plays)

    def _entering(self, layout: _Layout) -> list[Element]:
        """X with its words."""
        mode, area = self.scene.mode, layout.x
        colour, high = getattr(style.X, mode), area.height / 2
        names = [
            text(
                area.x - 10, area.y + (row + 0.5) * high, word, colour,
                size=layout.size, anchor="end",
            )
            for row, word in enumerate(note_example.WORDS)
        ]  # fmt: skip
        numbers = self._numbers("X", area, style.X, layout, self._cells("X"))
        above = symbol(area.centre[0], area.y - 20, "X", colour, size=layout.size + 7)
        return [above, *names, numbers, self._pencil(layout, area.right + 6, area.y - 14, style.X)]

    def _pencil(self, layout: _Layout, x: Number, y: Number, paint: style.Paint) -> Element:
        """What can be typed over, once it is the reader's turn."""
        x = min(x, layout.width - layout.size)
        pencil = text(x, y, "✎", getattr(paint, self.scene.mode), size=layout.size + 3)
        return at_step(STEPS.index("yours"), pencil)

    def _numbers(
        self,
        name: str,
        area: Area,
        paint: style.Paint,
        layout: _Layout,
        cells: list[list[Cell]] | None,
    ) -> Element:
        values, decimals = self.tables[name].astype(float), None if cells is None else 0
        mode, size = self.scene.mode, layout.size
        return matrix(values, area, paint, mode, decimals=decimals, cells=cells, size=size)

    def _line(self, layout: _Layout) -> list[Element]:
        """The line between the heads, and what each is called."""
        mode, middle = self.scene.mode, layout.half
        line = element(
            "line",
            x1=middle,
            x2=middle,
            y1=layout.title - 12,
            y2=layout.height - 6,
            stroke=style.INK[mode],
            stroke_width=1.6,
            stroke_dasharray="7 5",
        )
        titles = [
            text(
                middle * (head + 0.5),
                layout.title,
                self.scene.say(text_of("figure.head"), head=head),
                style.INK[mode],
                size=layout.size,
                bold=True,
            )
            for head in range(len(HEADS))
        ]
        return [line, *titles]

    def _head(self, layout: _Layout, head: int) -> list[Element]:
        """A head: empty grids at first, as the note draws them, then the numbers."""
        elements: list[Element] = []
        for letter, paint in PAINTS.items():
            product, weight = layout.area(letter, head), layout.area(f"W{letter}", head)
            shown = STEPS.index("other") if head else STEPS.index("q" if letter == "Q" else "kv")
            entering = shown if head else STEPS.index("w")
            elements += [
                empty(2, 3, product, paint, self.scene.mode),
                empty(4, 3, weight, paint, self.scene.mode),
                *self._labels(layout, letter, head),
                at_step(
                    entering,
                    self._numbers(
                        f"W{letter}.{head}",
                        weight,
                        paint,
                        layout,
                        self._cells(f"W{letter}.{head}"),
                    ),
                    *self._from_x(layout, head, weight),
                ),
                self._pencil(layout, weight.right + 6, weight.y + 2, paint),
                at_step(
                    shown,
                    self._numbers(
                        f"{letter}.{head}",
                        product,
                        paint,
                        layout,
                        self._products(letter, head),
                    ),
                    self._made_of(layout, weight, product),
                ),
            ]
        return elements

    def _labels(self, layout: _Layout, letter: str, head: int) -> list[Element]:
        mode, size = self.scene.mode, layout.size + 6
        colour = getattr(PAINTS[letter], mode)
        product, weight = layout.area(letter, head), layout.area(f"W{letter}", head)
        below = str(head)
        above_q = symbol(product.centre[0], product.y - 17, letter, colour, below=below, size=size)
        if layout.trunks is None:
            x, y = weight.centre[0], weight.y - 17
            return [above_q, symbol(x, y, "W", colour, below=below, above=letter, size=size)]
        rows, ink = len(note_example.WORDS), style.FAINT_INK[mode]
        words = [
            text(
                product.x - 10,
                cell_of(product, rows, 1, row, 0).centre[1],
                word,
                ink,
                size=layout.size,
                anchor="end",
            )
            for row, word in enumerate(note_example.WORDS)
        ]
        x, y = weight.right + 5, weight.centre[1] - 18
        of_w = symbol(x, y, "W", colour, below=below, above=letter, size=size, anchor="start")
        return [above_q, *words, of_w]

    def _from_x(self, layout: _Layout, head: int, learned: Area) -> list[Element]:
        """The way of X into a matrix."""
        if layout.trunks is None:
            return []
        mode, x, y = self.scene.mode, layout.trunks[head], learned.centre[1] + 8
        begins: tuple[Number, Number] = (x, layout.x.bottom)
        path = f"M{x} {begins[1]:.0f}V{y:.0f}"
        if x > layout.x.right:
            path = f"M{layout.x.right:.0f} {layout.x.centre[1]:.0f}H{x}V{y:.0f}"
        colour = getattr(style.X, mode)
        way = element("path", d=path, fill="none", stroke=colour, stroke_width=1.6)
        return [way, arrow((x, y), (learned.right + 6, y), mode, colour=colour)]

    def _made_of(self, layout: _Layout, learned: Area, made: Area) -> Element | None:
        if layout.trunks is None:
            return None
        y = made.centre[1]
        return arrow((learned.x - 4, y), (made.right + 6, y), self.scene.mode)


def _draw_matrices(scene: Scene) -> Drawing:
    edited = scene.edited(EDIT.name)
    matrices = _Matrices(scene, edited, tables(edited))
    steps = [scene.say(text_of(f"figure.steps.{name}"), **NAMES) for name in STEPS]
    alt = scene.say(text_of("figure.alt"))
    return figure(
        matrices.drawn(WIDE),
        matrices.drawn(NARROW),
        steps,
        alt,
        scene.mode,
        scene.language,
        values={name: table.tolist() for name, table in matrices.tables.items()},
    )


PART = Part("toy", _draw_matrices, lambda _: NAMES, uses=(EDIT.name,))
