"""One word of the sentence: x times W_Q is q, and one number of q is added up."""

import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from attnviz.core.trace import Trace
from attnviz.digits import error_at_most, printed
from attnviz.lessons.chapters.c01_qkv.summands import DECIMALS, KIND, Sum, sum_of
from attnviz.lessons.controls import Pick
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Cell, Number, at_step, box, corners, matrix, more, text
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.lettering import wrapped
from attnviz.pictures.elements.products import makes, product
from attnviz.pictures.elements.sentence_words import nearby
from attnviz.pictures.elements.symbol import symbol
from attnviz.pictures.elements.words import row_of_words

text_of = texts_of(__name__)

COLUMNS = 4  # numbers of q that are shown
STEPS = ("x", "w", "q", "terms", "rest", "total")


def _shown(trace: Trace) -> range:
    return range(max(1, min(COLUMNS, trace.model.d_head)))  # weights alone know no d_head


COMPONENT = Pick("component", _shown, lambda _: 0, lambda value, _, __: f"q[{value}]")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in one form of the figure."""

    width: int
    height: int
    words: Area
    x: tuple[int, int]  # left and top
    w: tuple[int, int]
    q: tuple[int, int]
    cell: tuple[int, int]
    size: Number
    small: Number
    signs: tuple[tuple[int, int, str], ...]
    sum_top: int
    in_rows: bool  # whether the terms stand below each other


WIDE = _Layout(
    1200, 560, Area(10, 6, 1180, 42), (46, 160), (474, 126), (854, 160), (84, 44), 23, 22.6,
    ((404, 182, "×"), (830, 182, "=")), 356, False,
)  # fmt: skip
NARROW = _Layout(
    390, 668, Area(6, 4, 378, 30), (88, 74), (88, 150), (88, 312), (62, 30), 13, 11,
    ((30, 190, "×"), (30, 327, "=")), 380, True,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Word:
    """What is drawn in both forms."""

    scene: Scene
    sums: tuple[Sum, ...]  # of every number of q that is shown
    chosen: int

    @property
    def sum(self) -> Sum:
        return self.sums[self.chosen]

    def drawn(self, layout: _Layout) -> Form:
        trace, at = self.scene.trace, self.scene.number("word")
        names = [token.text for token in trace.tokens]
        most = 4 if layout.in_rows else 8
        near = nearby(len(names), at, most)
        words = row_of_words(
            layout.words, names, near, at, self.scene.mode, size=layout.small, gap=6
        )
        return Form(
            layout.width,
            layout.height,
            [
                *words,
                self._entering(layout),
                at_step(1, *self._learned(layout)),
                at_step(2, *self._made(layout)),
                *self._added(layout),
            ],
        )

    def _address(self, letter: str, *places: int) -> str:
        head = self.scene.head()
        where = (head.layer,) if letter == "X" else (head.layer, head.head)
        return ".".join(map(str, (letter, *where, *places)))

    def _entering(self, layout: _Layout) -> Element:
        """x: the numbers whose products are the largest."""
        mode, (wide, high), (x, y) = self.scene.mode, layout.cell, layout.x
        area = Area(x, y, wide * len(self.sum.at), high)
        at = self.scene.number("word")
        cells = [[Cell(self._address("X", at, i)) for i in self.sum.at]]
        label = symbol(x - 24, area.centre[1], "x", getattr(style.X, mode), size=layout.size + 6)
        return element(
            "g",
            label,
            *self._indices(layout, area),
            matrix(
                self.sum.x[None, :], area, style.X, mode,
                decimals=DECIMALS, cells=cells, size=layout.size,
            ),
            more(area.right + 8, area.centre[1], self.scene.trace.model.d_model, mode,
                 size=layout.small),
        )  # fmt: skip

    def _indices(self, layout: _Layout, area: Area) -> list[Element]:
        wide = layout.cell[0]
        return [
            text(
                area.x + (n + 0.5) * wide, area.y - layout.small * 0.75, f"x[{i}]",
                style.FAINT_INK[self.scene.mode], size=layout.small,
            )
            for n, i in enumerate(self.sum.at)
        ]  # fmt: skip

    def _learned(self, layout: _Layout) -> list[Element]:
        """The rows of W_Q that belong to those numbers of x."""
        scene, mode, (wide, high), (x, y) = (
            self.scene, self.scene.mode, layout.cell, layout.w,
        )  # fmt: skip
        rows, card = self.sum.at, scene.trace.model
        area = Area(x, y, wide * len(self.sums), high * len(rows))
        weight = scene.trace.input_projection(scene.head(), KIND).weight
        values = weight[rows][:, : len(self.sums)].astype(np.float64)
        cells = [[Cell(self._address("WQ", i, c)) for c in range(len(self.sums))] for i in rows]
        left = [
            text(
                x - 8, y + (n + 0.5) * high, str(i), style.FAINT_INK[mode],
                size=layout.small, anchor="end",
            )
            for n, i in enumerate(rows)
        ]  # fmt: skip
        colour = getattr(style.Q, mode)
        frame = Area(x + self.chosen * wide, y, wide, area.height)
        return [
            symbol(
                area.centre[0], y - layout.size - 4, "W", colour, above="Q", size=layout.size + 5,
            ),
            *left,
            matrix(values, area, style.Q, mode, decimals=DECIMALS, cells=cells, size=layout.size),
            _outline(frame, colour),
            more(
                area.x, area.bottom + layout.small, card.d_model, mode, size=layout.small,
            ),
            text(
                area.right, area.bottom + layout.small, f"… × {card.d_head}",
                style.FAINT_INK[mode], size=layout.small, anchor="end",
            ),
            *(text(sx, sy, sign, style.INK[mode], size=layout.size + 8)
              for sx, sy, sign in layout.signs[:1]),
        ]  # fmt: skip

    def _made(self, layout: _Layout) -> list[Element]:
        """q: a click on one of its numbers adds that one up."""
        mode, (wide, high), (x, y) = self.scene.mode, layout.cell, layout.q
        colour, at = getattr(style.Q, mode), self.scene.number("word")
        elements: list[Element] = []
        for c, total in enumerate(self.sums):
            lights = [self._address("X", at, i) for i in total.at]
            lights += [self._address("WQ", i, c) for i in total.at]
            cell = Cell(self._address("Q", at, c), lights, total.says())
            area = Area(x + c * wide, y, wide, high)
            drawn = matrix(
                np.array([[total.q]]), area, style.Q, mode,
                decimals=DECIMALS, cells=[[cell]], size=layout.size,
            )  # fmt: skip
            choose = json.dumps({COMPONENT.name: c})
            elements.append(element("g", drawn, data_choose=choose, role="button"))
        right = x + wide * len(self.sums)
        return [
            symbol(x - 20, y + high / 2, "q", colour, size=layout.size + 6)
            if layout.in_rows
            else symbol(x + wide * len(self.sums) / 2, y - layout.size, "q", colour,
                        size=layout.size + 6),
            *elements,
            _outline(Area(x + self.chosen * wide, y, wide, high), colour),
            self._how_many(layout, Area(x, y, right - x, high)),
            *(text(sx, sy, sign, style.INK[mode], size=layout.size + 8)
              for sx, sy, sign in layout.signs[1:]),
        ]  # fmt: skip

    def _how_many(self, layout: _Layout, area: Area) -> Element:
        """How many numbers q has: after those shown, or where there is no room for it, below."""
        x, y = area.right + 6, area.centre[1]
        if not layout.in_rows:
            x, y = area.right - 3.2 * layout.small, area.bottom + 0.9 * layout.small
        return more(x, y, self.scene.trace.model.d_head, self.scene.mode, size=layout.small)

    def _added(self, layout: _Layout) -> list[Element]:
        """The number of q as a sum of boxes."""
        say, total = self.scene.say, self.sum
        captions = [f"x[{i}] · W[{i},{self.chosen}]" for i in total.at]
        under = [self._written(n) for n in range(len(total.at))]
        steps = [3] * len(total.at)
        if total.others:
            captions.append(say(text_of("figure.others"), others=total.others))
            under.append("")
            steps.append(4)
        captions += [say(text_of("figure.bias")), f"q[{self.chosen}]"]
        under += ["", ""]
        numbers = [*total.terms, printed(total.q, DECIMALS)]
        signs = ["", *["+"] * (len(total.terms) - 1), total.sign]
        values = [
            *total.products.tolist(),
            *([total.rest] if total.others else []),
            total.bias,
            total.q,
        ]
        place = _in_rows if layout.in_rows else _abreast
        terms = [
            _Term(n, n == len(numbers) - 1, *row)
            for n, row in enumerate(zip(captions, numbers, under, signs, values, strict=True))
        ]
        return [
            at_step(step, *place(layout, term, len(terms), self.scene.mode))
            for step, term in zip([*steps, 4, 5], terms, strict=True)
        ]

    def _written(self, n: int) -> str:
        total = self.sum
        pair = (printed(total.x[n], DECIMALS), printed(total.w[n], DECIMALS))
        sign = makes([pair], printed(float(total.products[n]), DECIMALS))
        return f"{product(*pair)} {sign}"


def _outline(area: Area, colour: str) -> Element:
    return element(
        "rect",
        **corners(area),
        fill="none",
        stroke=colour,
        stroke_width=3,
        pointer_events="none",
    )


class _Term(NamedTuple):
    """A box of the sum: a term, or what they add up to."""

    n: int
    is_sum: bool
    caption: str
    number: str
    under: str
    sign: str
    value: float

    @property
    def paint(self) -> style.Paint | None:
        return style.Q if self.is_sum else None


def _abreast(layout: _Layout, term: _Term, count: int, mode: style.Mode) -> list[Element]:
    """A term of the sum beside the one before."""
    pitch: Number = (layout.width - 20) / count
    line = 1.3 * layout.small
    area = Area(10 + term.n * pitch + 34, layout.sum_top + 2.8 * line, pitch - 44, 60)
    x, ink = area.centre[0], style.FAINT_INK[mode]
    under = term.under.replace(" · ", " ·\n").splitlines()  # a factor a line
    lines = [*wrapped(term.caption, pitch - 8, layout.small), *under]
    return [
        *(
            text(x, area.y + (row - len(lines) + 0.4) * line, label, ink, size=layout.small)
            for row, label in enumerate(lines)
        ),
        text(area.x - 22, area.centre[1], term.sign, style.INK[mode], size=26),
        _valued(box(area, [term.number], mode, paint=term.paint, size=24), term),
    ]


def _in_rows(layout: _Layout, term: _Term, _: int, mode: style.Mode) -> list[Element]:
    """A term of the sum below the one before."""
    area = Area(292, layout.sum_top + term.n * 46, 92, 36)
    y, ink = area.centre[1], style.FAINT_INK[mode]
    top = y - 8 if term.under else y
    labels = [text(10, top, term.caption, ink, size=layout.small, anchor="start")]
    if term.under:
        labels.append(text(10, y + 9, term.under, ink, size=layout.small, anchor="start"))
    return [
        *labels,
        text(area.x - 16, y, term.sign, style.INK[mode], size=20),
        _valued(box(area, [term.number], mode, paint=term.paint, size=17), term),
    ]


def _valued(drawn: Element, term: _Term) -> Element:
    """A box that stands for a number."""
    return element(
        "g",
        element("title", repr(term.value)),
        drawn,
        class_="summand",
        data_part=f"summand.{term.n}",
        data_value=repr(term.value),
    )


def _draw_sum(scene: Scene) -> Drawing:
    scene.trace.require("projections")
    component = scene.number(COMPONENT.name)
    sums = tuple(sum_of(scene, c) for c in _shown(scene.trace))
    word, total = _Word(scene, sums, component), sums[component]
    numbers = {
        "word": scene.token.name,
        "head": scene.head(),
        "shown": len(total.at),
        "others": total.others,
        "component": component,
    }
    steps = [scene.say(text_of(f"figure.word.{step}"), **numbers) for step in STEPS]
    title = f"{scene.trace.model.called(scene.language)} · {scene.head()} · {scene.token.name}"
    alt = f"{title}: {total.says()}"
    values = {"made": float(total.products.sum()) + total.rest + total.bias, "q": total.q}
    return figure(
        word.drawn(WIDE), word.drawn(NARROW), steps, alt, scene.mode, scene.language, values=values
    )


def _sum_numbers(scene: Scene) -> Numbers:
    total = sum_of(scene, scene.number(COMPONENT.name))
    count, most = len(scene.trace.tokens), len(nearby(len(scene.trace.tokens), 0))
    return {
        "word": scene.token.name,
        "head": scene.head(),
        "error": error_at_most(total.error),
        "shown_words": most,
        "count": count,
    }


PART = Part("sum", _draw_sum, _sum_numbers, uses=("head", "word", COMPONENT.name))
