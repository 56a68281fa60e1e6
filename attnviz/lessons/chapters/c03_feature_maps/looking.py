"""Where a filter reads and where a head looks, as lines from words above to words below."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.core.heads import HeadId
from attnviz.core.tokens import Token
from attnviz.digits import printed
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, text
from attnviz.pictures.elements.sentence_words import nearby, word
from attnviz.pictures.style import code

text_of = texts_of(__name__)

QUERIES = 6  # words whose looks are drawn: the one that is followed and its neighbours
REACH = (-1, 0, 1)  # places that the filter reads
_LINE = 3  # width of a line


@dataclass(frozen=True, slots=True)
class Looks:
    """A few words that look, the strongest key of each, and all tokens that are drawn."""

    head: HeadId
    focus: int
    queries: tuple[int, ...]
    keys: dict[int, int]  # of each query
    weights: dict[int, float]
    places: tuple[int, ...]  # positions of the tokens drawn, in their order

    @classmethod
    def of(cls, scene: Scene) -> "Looks":
        """Those around the word that is followed, in the head that is followed."""
        head, focus = scene.head("head"), scene.number("word")
        weights = scene.trace.weights(head)
        count = len(weights)
        queries = tuple(nearby(count, focus, QUERIES))
        keys = {query: int(np.argmax(weights[query])) for query in queries}
        keys_read = {q + by for q in queries for by in REACH if 0 <= q + by < count}
        return cls(
            head=head,
            focus=focus,
            queries=queries,
            keys=keys,
            weights={query: float(weights[query, key]) for query, key in keys.items()},
            places=tuple(sorted(keys_read | set(keys.values()))),
        )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where the words stand: a row above, the same words below, lines between them."""

    area: Area
    size: Number
    places: tuple[int, ...]

    @property
    def step(self) -> Number:
        """From one word to the next."""
        return self.area.width / len(self.places)

    @property
    def above(self) -> Number:
        """Where lines begin."""
        return self.area.y + 9 * self.size

    @property
    def below(self) -> Number:
        """Where lines end."""
        return self.area.bottom - 8 * self.size

    def x(self, position: int) -> Number:
        """The middle of a word's column."""
        return self.area.x + (self.places.index(position) + 0.5) * self.step


def filter_slides(scene: Scene, looks: Looks, area: Area, size: Number) -> list[Element | None]:
    """A filter of width 3: the same three places around every word, one frame that slides."""
    rows, colour = _Rows(area, size, looks.places), getattr(style.X, scene.mode)
    tokens = scene.trace.tokens
    lines = [
        _line(rows, query, query + by, colour, bold=query == looks.focus)
        for query in looks.queries
        for by in REACH
        if query + by in looks.places
    ]
    offsets = [
        text(
            rows.x(looks.focus + by),
            rows.below + 7.4 * size,
            f"{by:+d}".replace("-", "−") if by else "0",
            style.INK[scene.mode],
            size=size,
            bold=True,
        )
        for by in REACH
        if looks.focus + by in looks.places
    ]
    return [*lines, *_words(scene, rows, looks, tokens), _frame(rows, looks, colour), *offsets]


def _frame(rows: _Rows, looks: Looks, colour: str) -> Element | None:
    """The filter itself, which slides over all words that have a neighbour on either side."""
    inside = [q for q in looks.queries if {q + by for by in REACH} <= set(rows.places)]
    if not inside:
        return None
    return element(
        "rect",
        x=round(rows.x(inside[0]) - 1.45 * rows.step, 1),
        y=round(rows.below + 0.3 * rows.size, 1),
        width=round(2.9 * rows.step, 1),
        height=round(6.4 * rows.size, 1),
        rx=6,
        fill="none",
        stroke=colour,
        stroke_width=3,
        class_="sliding",
        style=f"--places:{len(inside)};--way:{len(inside) * rows.step:.1f}px",
    )


def head_jumps(scene: Scene, looks: Looks, area: Area, size: Number) -> list[Element]:
    """A head: from every word to the key with the most weight, wherever it stands."""
    rows, tokens = _Rows(area, size, looks.places), scene.trace.tokens
    colour = getattr(code(looks.head.head), scene.mode)
    drawn: list[Element] = []
    for query, key in looks.keys.items():
        weight = looks.weights[query]
        drawn.append(
            element(
                "g",
                _line(rows, query, key, colour, bold=query == looks.focus),
                text(
                    rows.x(query),
                    rows.above - 0.8 * size,
                    printed(weight, 2),
                    style.INK[scene.mode],
                    size=_fitting(size, rows.step),
                    bold=query == looks.focus,
                ),
                data_part=f"A.{looks.head.layer}.{looks.head.head}.{query}.{key}",
                data_value=repr(weight),
                data_lights=f"word.{key}",
                data_says=f"{looks.head} · {tokens[query].name} → {tokens[key].name}: "
                f"{printed(weight, 4)}",
                tabindex=0,
            )
        )
    return [*drawn, *_words(scene, rows, looks, tokens, lifted=1.6)]


def _fitting(size: Number, step: Number) -> Number:
    """The size at which a weight fits above a line."""
    return round(min(size, max(11, step / 2)), 1)


def _line(rows: _Rows, query: int, key: int, colour: str, *, bold: bool) -> Element:
    x1, x2, y1, y2 = rows.x(query), rows.x(key), rows.above, rows.below
    middle = (y1 + y2) / 2
    path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
    return element(
        "path",
        d=path,
        fill="none",
        stroke=colour,
        stroke_width=2 * _LINE if bold else _LINE,
        stroke_linecap="round",
        stroke_opacity=1 if bold else 0.55,
    )


def _words(
    scene: Scene, rows: _Rows, looks: Looks, tokens: Sequence[Token], lifted: Number = 0
) -> list[Element]:
    """The words that look above, those that can be looked at below, and what is left out."""
    mode, size = scene.mode, rows.size

    def drawn(at: int, y: Number, anchor: str) -> Element:
        return word(
            tokens[at],
            rows.x(at),
            y,
            mode,
            size=size,
            anchor=anchor,
            chosen=at == looks.focus,
            upright=True,
            room=6.8 * size,
        )

    above = [drawn(at, rows.above - (0.5 + lifted) * size, "start") for at in looks.queries]
    below = [drawn(at, rows.below + 0.7 * size, "end") for at in rows.places]
    gaps = [
        text(
            rows.x(right) - rows.step / 2,
            rows.below + 1.2 * size,
            "…",
            style.FAINT_INK[mode],
            size=size,
        )
        for left, right in zip(rows.places, rows.places[1:], strict=False)
        if right - left > 1
    ]
    left_out = len(tokens) - len(rows.places)
    counted = text(
        rows.area.right,
        rows.area.y + size,
        scene.say(text_of("figure.left_out"), rest=left_out),
        style.FAINT_INK[mode],
        size=size,
        anchor="end",
    )
    return [*above, *below, *gaps, *([counted] if left_out else [])]
