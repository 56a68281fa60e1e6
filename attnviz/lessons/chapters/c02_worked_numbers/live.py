"""The same ladder for the learner's word: its strongest keys, and the others together."""

from dataclasses import dataclass

import numpy as np

from attnviz.core.intervention import heads_off
from attnviz.digits import equals, error_at_most, printed
from attnviz.lessons.chapters.c02_worked_numbers.ladder import WEIGHTED, coloured, label, number
from attnviz.lessons.chapters.c02_worked_numbers.row import STRONGEST, Row, row_of
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Cell, at_step, matrix, text
from attnviz.pictures.elements.fade import faded
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.lettering import fitting
from attnviz.pictures.elements.products import factor, makes, product
from attnviz.pictures.elements.sentence_words import nearby
from attnviz.pictures.elements.symbol import symbol
from attnviz.pictures.elements.words import row_of_words

text_of = texts_of(__name__)

COLUMNS = 3
ROWS = (
    "query", "key_word", "embedding", "keys", "values", "score", "divided", "softmax", "weighed",
    "sum",
)  # fmt: skip
STEPS = ("query", "vectors", "score", "divided", "softmax", "weighed", "sum")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in one form of the figure."""

    width: int
    words: Area
    labels: tuple[int, int]  # left and width
    first: int  # left of the columns
    pitch: int
    cell: tuple[int, int]
    size: int
    small: int
    top: int
    row: int  # from one row to the next

    def y(self, row: str) -> int:
        return self.top + ROWS.index(row) * self.row

    def left(self, column: int) -> int:
        return self.first + column * self.pitch

    @property
    def height(self) -> int:
        return self.y("sum") + self.row // 2 + 6

    @property
    def is_wide(self) -> bool:
        return self.width > 640


WIDE = _Layout(1200, Area(10, 4, 1180, 40), (6, 174), 198, 246, (71, 37), 23, 23, 84, 60)
NARROW = _Layout(390, Area(4, 4, 382, 30), (4, 60), 66, 82, (36, 26), 11, 11, 62, 60)


@dataclass(frozen=True, slots=True)
class _Ladder:
    """What is drawn in both forms."""

    scene: Scene
    row: Row

    def drawn(self, layout: _Layout) -> Form:
        trace, at = self.scene.trace, self.scene.number("word")
        names = [token.text for token in trace.tokens]
        near = nearby(len(names), at, 8 if layout.is_wide else 4)
        elements = [
            *row_of_words(layout.words, names, near, at, self.scene.mode, size=layout.small, gap=6),
            *self._labels(layout),
            *self._query(layout),
        ]
        for column, key in enumerate(self.row.strongest):
            elements += self._key(layout, column, key)
        if len(self.row.others):
            elements += self._others(layout)
        return Form(layout.width, layout.height, [*elements, *self._totals(layout)])

    # ---- where and what

    def _address(self, letter: str, *places: int) -> str:
        layer, head = self.scene.head()[:2]
        where = (layer,) if letter == "X" else (layer, head)
        return ".".join(map(str, (letter, *where, *places)))

    def _vector(
        self,
        layout: _Layout,
        column: int,
        row: str,
        values: np.ndarray,
        paint: style.Paint,
        cells: list[Cell],
    ) -> Element:
        """The first numbers of a vector, and how many it has."""
        mode, shown = self.scene.mode, len(cells)
        x, y = layout.left(column), layout.y(row)
        numbers, grid = values[:shown][None, :], [cells]
        wide, high = layout.cell
        area = Area(x, y - high / 2, wide * shown, high)
        if not layout.is_wide:  # below each other: a phone has room for one
            numbers, grid = numbers.T, [[cell] for cell in cells]
            tall = shown * (layout.row / COLUMNS - 1.5)
            area = Area(x, y - tall / 2, layout.pitch - 8, tall)
        drawn = matrix(numbers, area, paint, mode, decimals=WEIGHTED, cells=grid, size=layout.size)
        dots = text(
            area.right + 6, y, "…", style.FAINT_INK[mode], size=layout.small, anchor="start"
        )  # how many numbers there are is said below the figure
        return element("g", drawn, dots if layout.is_wide else None)

    def _cells(self, letter: str, at: int, values: np.ndarray) -> list[Cell]:
        return [Cell(self._address(letter, at, c)) for c in range(min(COLUMNS, len(values)))]

    # ---- the parts

    def _labels(self, layout: _Layout) -> list[Element]:
        left, width = layout.labels
        may = self.row.allowed
        divided = self.row.products[may] / self.row.divisor
        plain = np.allclose(divided, self.row.scores[may], atol=1e-4)
        numbers = {
            "divisor": f"{self.row.divisor:.4g}",
            "word": self.scene.token.text,
        }
        labels = {row: text_of(f"figure.rows.{row}") for row in ROWS}
        if not plain:
            labels["divided"] = text_of("figure.rows.changed")
        return [
            line
            for row in ROWS
            for line in label(
                self.scene.say(labels[row], **numbers), left, layout.y(row), width,
                self.scene.mode, layout.size if layout.is_wide else layout.small,
            )
        ]  # fmt: skip

    def _query(self, layout: _Layout) -> list[Element]:
        at = self.scene.number("word")
        cells = self._cells("Q", at, self.row.q)
        return [self._vector(layout, 0, "query", self.row.q, style.Q, cells)]

    def _key(self, layout: _Layout, column: int, key: int) -> list[Element]:
        """A column: one key from its word down to its weighted value."""
        mode, row, at = self.scene.mode, self.row, self.scene.number("word")
        token = self.scene.trace.tokens[key]
        x = layout.left(column)
        middle = x + (COLUMNS * layout.cell[0] if layout.is_wide else layout.pitch - 8) / 2
        room = layout.pitch - 10
        title = element(
            "g",
            element("title", token.name),
            text(
                middle, layout.y("key_word"), fitting(token.text, room, layout.size + 2),
                getattr(style.X, mode), size=layout.size + 2, bold=True,
            ),
            data_part=f"word.{key}",
        )  # fmt: skip
        vectors = [
            title,
            self._vector(layout, column, "embedding", row.x[key], style.X,
                         self._cells("X", key, row.x[key])),
            self._vector(layout, column, "keys", row.k[key], style.K,
                         self._cells("K", key, row.k[key])),
            self._vector(layout, column, "values", row.v[key], style.V,
                         self._cells("V", key, row.v[key])),
        ]  # fmt: skip
        weight, product_ = float(row.weights[key]), float(row.products[key])
        score = float(row.scores[key])
        numbers = [
            ("score", product_, self._address("D", at, key), self._product_says(key), "score"),
            ("divided", score, self._address("S", at, key), self._score_says(key), "divided"),
            ("softmax", weight, self._address("A", at, key), "", "softmax"),
        ]
        drawn = [
            at_step(
                STEPS.index(step),
                number(
                    coloured(middle, layout.y(where), [(printed(value, WEIGHTED), style.SCORE)],
                             mode, layout.size + 4),
                    value, part, says,
                ),
            )
            for where, value, part, says, step in numbers
        ]  # fmt: skip
        weighed = row.weighed([key])
        cells = [self._weighed_cell(key, c) for c in range(min(COLUMNS, len(weighed)))]
        last = faded(self._vector(layout, column, "weighed", weighed, style.V, cells), weight**0.5)
        return [at_step(1, *vectors), *drawn, at_step(STEPS.index("weighed"), last)]

    def _product_says(self, key: int) -> str:
        """The score as its largest products, the others together, and their sum."""
        parts = self.row.q * self.row.k[key]
        largest = sorted(np.argsort(-np.abs(parts), kind="stable")[:STRONGEST].tolist())
        others = np.delete(parts, largest)
        terms = [printed(float(parts[i]), WEIGHTED) for i in largest]
        if len(others):
            terms.append(printed(float(others.sum()), WEIGHTED))
        total = printed(float(self.row.products[key]), WEIGHTED)
        names = [f"q[{i}]·k[{i}]" for i in largest]
        if len(others):
            names.append(self.scene.say(text_of("figure.products"), others=len(others)))
        written = " + ".join(
            f"{factor(term)} ({name})" for term, name in zip(terms, names, strict=True)
        )
        return f"{written} {equals(terms, total)} {total}"

    def _score_says(self, key: int) -> str:
        product_ = printed(float(self.row.products[key]), WEIGHTED)
        score = printed(float(self.row.scores[key]), WEIGHTED)
        return f"{product_} ÷ {self.row.divisor:.4g} ≈ {score}"

    def _weighed_cell(self, key: int, c: int) -> Cell:
        at, weight, v = self.scene.number("word"), self.row.weights[key], self.row.v[key][c]
        pair = (printed(float(weight), WEIGHTED), printed(float(v), WEIGHTED))
        product_text = printed(float(weight * v), WEIGHTED)
        lights = [self._address("A", at, key), self._address("V", key, c)]
        says = f"{product(*pair)} {makes([pair], product_text)} {product_text}"
        return Cell(self._address("AV", at, key, c), lights, says)

    def _others(self, layout: _Layout) -> list[Element]:
        """The last column: all other keys together."""
        mode, row, column = self.scene.mode, self.row, len(self.row.strongest)
        x = layout.left(column)
        middle = x + (COLUMNS * layout.cell[0] if layout.is_wide else layout.pitch - 8) / 2
        others, at = row.others, self.scene.number("word")
        rest = self.scene.say(text_of("figure.others"), others=len(others))
        lines = label(rest, x, layout.y("key_word"), layout.pitch - 6, mode, layout.small)
        share, weighed = float(row.weights[others].sum()), row.weighed(others)
        cells = [Cell(self._address("others.AV", at, c)) for c in range(min(COLUMNS, len(weighed)))]
        weight = number(
            coloured(middle, layout.y("softmax"), [(printed(share, WEIGHTED), style.SCORE)],
                     mode, layout.size + 4),
            share, self._address("others.A", at),
        )  # fmt: skip
        last = faded(self._vector(layout, column, "weighed", weighed, style.V, cells), share**0.5)
        return [
            at_step(1, *lines),
            at_step(STEPS.index("softmax"), weight),
            at_step(STEPS.index("weighed"), last),
        ]

    def _totals(self, layout: _Layout) -> list[Element]:
        """What the columns add up to: the weights to one, the weighted values to z."""
        row, mode, at = self.row, self.scene.mode, self.scene.number("word")
        groups = [[key] for key in row.strongest] + (
            [row.others.tolist()] if len(row.others) else []
        )
        weights = [printed(float(row.weights[keys].sum()), WEIGHTED) for keys in groups]
        total = float(row.weights.sum())
        shown = printed(total, WEIGHTED)
        sign = equals(weights, shown)
        sum_text = f"{' + '.join(weights)} {sign} {shown}"
        x = layout.left(len(groups)) - 78 if layout.is_wide else layout.labels[0]
        y = layout.y("softmax") + (0 if layout.is_wide else 2.1 * layout.small)
        written = f"{sign} {shown}" if layout.is_wide else f"Σ {sign} {shown}"
        sum_of_weights = number(
            text(x, y, written, style.INK[mode], size=layout.size, anchor="start"),
            total, self._address("total.A", at), sum_text,
        )  # fmt: skip
        cells = []
        for c in range(min(COLUMNS, len(row.z))):
            terms = [printed(float(row.weighed(keys)[c]), WEIGHTED) for keys in groups]
            component = printed(float(row.z[c]), WEIGHTED)
            says = (
                f"z[{c}]: {' + '.join(map(factor, terms))} {equals(terms, component)} {component}"
            )
            lights = [self._address("AV", at, key, c) for key in row.strongest]
            lights.append(self._address("others.AV", at, c))
            cells.append(Cell(self._address("Z", at, c), lights, says))
        z = self._vector(layout, 0, "sum", row.z, style.Z, cells)
        label_ = symbol(layout.left(0) - 16, layout.y("sum"), "z", getattr(style.Z, mode),
                        size=layout.size + 6)  # fmt: skip
        plus = [
            text(layout.left(n) - 30, y, "+", style.FAINT_INK[mode], size=layout.size + 2)
            for n in range(1, len(groups) * layout.is_wide)
        ]
        return [
            at_step(STEPS.index("softmax"), *plus, sum_of_weights),
            at_step(STEPS.index("sum"), z, label_ if layout.is_wide else None),
        ]


def _notices(scene: Scene, row: Row) -> list[str]:
    """What some steps of the ladder leave out, or an intervention makes another than they say."""
    layer, head = scene.head()[:2]
    off = head in heads_off(scene.trace.interventions, layer)
    replaced = head in scene.trace.record(layer).changed_weights
    keys = len(row.scores)
    numbers = {"head": scene.head(), "asks": scene.token.name, "keys": keys}
    denied = keys - len(row.allowed)
    return [
        scene.say(text, denied=denied, **numbers)
        for text, holds in (
            (text_of("figure.denied"), denied),
            (text_of("figure.replaced"), replaced),
            (text_of("figure.is_off"), off),
        )
        if holds
    ]


def _draw_live(scene: Scene) -> Drawing:
    row = row_of(scene)
    ladder = _Ladder(scene, row)
    best = scene.trace.tokens[row.strongest[0]]
    numbers = {"asks": scene.token.name, "head": scene.head(), "shown": len(row.strongest)}
    steps = [scene.say(text_of(f"figure.live.{step}"), **numbers) for step in STEPS]
    title = f"{scene.trace.model.called(scene.language)} · {scene.head()} · q: {scene.token.name}"
    alt = f"{title}. {best.name}: {row.weights[row.strongest[0]]:.4f}"
    drawn = figure(ladder.drawn(WIDE), ladder.drawn(NARROW), steps, alt, scene.mode, scene.language)
    notices = [element("p", notice, class_="notice") for notice in _notices(scene, row)]
    root = element("div", *notices, drawn.root) if notices else drawn.root
    return Drawing(root, alt, scene.mode, {"weights": row.weights, "z": row.z})


def _live_numbers(scene: Scene) -> Numbers:
    row = row_of(scene)
    best = row.strongest[0]
    return {
        "head": scene.head(),
        "asks": scene.token.name,
        "best": scene.trace.tokens[best].name,
        "weight": printed(float(row.weights[best]), WEIGHTED),
        "columns": min(COLUMNS, len(row.z)),
        "error": error_at_most(row.error),
    }


PART = Part("live", _draw_live, _live_numbers, uses=("head", "word"))
