"""Which word gets most: the query of the word, and the key of every other, to click."""

from dataclasses import dataclass

import numpy as np

from attnviz.lessons.chapters.c02_worked_numbers.ladder import label
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trace_values import question_head, question_word
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Cell, at_step, matrix, more
from attnviz.pictures.elements import words as elements
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.sentence_words import nearby

text_of = texts_of(__name__)

QUESTION = "most"
MOST, COLUMNS, DECIMALS = 30, 3, 1
STEPS = ("query", "keys")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand in one form of the figure."""

    width: int
    per_row: int
    tile: int  # height
    cell: tuple[int, int]
    size: int
    top: int  # of the tiles
    query: int  # left of q


WIDE = _Layout(1200, 6, 106, (60, 37), 23, 96, 420)
NARROW = _Layout(390, 3, 74, (38, 24), 11, 84, 210)


@dataclass(frozen=True, slots=True)
class _Keys:
    """What is drawn in both forms."""

    scene: Scene
    near: range

    def drawn(self, layout: _Layout) -> Form:
        rows = -(-len(self.near) // layout.per_row)
        elements = [*self._query(layout), *(self._key(layout, at) for at in self.near)]
        return Form(layout.width, layout.top + rows * layout.tile + 4, elements)

    def _query(self, layout: _Layout) -> list[Element]:
        """The word that asks, and its q."""
        scene, mode = self.scene, self.scene.mode
        layer, head = question_head(scene.trace)[:2]
        asking, (wide, high) = question_word(scene.trace), layout.cell
        q = scene.trace.record(layer).queries[head][asking.position].astype(np.float64)
        y, tall, left = 14, high + 12, layout.query
        question = scene.say(text_of("figure.asks"), word=asking.text)
        shown = min(COLUMNS, len(q))
        area = Area(left, y, shown * wide, tall)
        cells = [[Cell(f"Q.{layer}.{head}.{asking.position}.{c}") for c in range(shown)]]
        return [
            *label(question, 6, y + tall / 2, left - 16, mode, layout.size + 2),
            matrix(q[None, :shown], area, style.Q, mode, decimals=DECIMALS, cells=cells,
                   size=layout.size),
            more(area.right + 8, y + tall / 2, len(q), mode, size=layout.size),
        ]  # fmt: skip

    def _key(self, layout: _Layout, at: int) -> Element:
        """A word with the start of its key: a possible answer."""
        trace, (layer, head) = self.scene.trace, question_head(self.scene.trace)[:2]
        record, token, place = trace.record(layer), trace.tokens[at], at - self.near.start
        k = record.shared(record.keys, head)[at].astype(np.float64)
        pitch, (wide, high) = layout.width / layout.per_row, layout.cell
        x = (place % layout.per_row) * pitch
        y = layout.top + (place // layout.per_row) * layout.tile
        shown, tall = min(COLUMNS, len(k)), layout.tile - high - 18
        name_at = Area(x + 4, y, 3 * wide, tall)
        cells = [[Cell(f"K.{layer}.{head}.{at}.{c}") for c in range(shown)]]
        area = Area(x + 4, y + tall + 2, shown * wide, high)
        option = None if token.is_special else f"{QUESTION}.{at}"
        return element(
            "g",
            elements.word(
                name_at, token.text, at, self.scene.mode, size=layout.size + 1,
                control=None, option=option,
            ),
            at_step(
                1,
                matrix(
                    k[None, :shown], area, style.K, self.scene.mode,
                    decimals=DECIMALS, cells=cells, size=layout.size,
                ),
            ),
        )  # fmt: skip


def _draw_keys(scene: Scene) -> Drawing:
    trace = scene.trace
    trace.require("projections")
    keys = _Keys(scene, _near(scene))
    numbers = {"asking": question_word(trace).name, "head": question_head(trace)}
    steps = [scene.say(text_of(f"figure.keys.{step}"), **numbers) for step in STEPS]
    alt = f"{trace.model.called(scene.language)} · {steps[-1]}"
    values = {"near": keys.near}
    return figure(
        keys.drawn(WIDE), keys.drawn(NARROW), steps, alt, scene.mode, scene.language, values=values
    )


def _near(scene: Scene) -> range:
    trace = scene.trace
    return nearby(len(trace.tokens), question_word(trace).position, MOST)


def _keys_numbers(scene: Scene) -> Numbers:
    shown = len(_near(scene))
    return {
        "shown": shown,
        "hidden": len(scene.trace.tokens) - shown,
        "columns": min(COLUMNS, scene.trace.model.d_head),
    }


PART = Part("keys", _draw_keys, _keys_numbers)
