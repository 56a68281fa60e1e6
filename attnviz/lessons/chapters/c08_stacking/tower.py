"""All encoders as a tower: whose information is in r of the two words, layer by layer."""

from dataclasses import dataclass

import numpy as np

from attnviz.lessons.chapters.c08_stacking.whose_share import Norms, Sources, shares_of
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, arrow, at_step, corners, if_answered, text
from attnviz.pictures.elements.lettering import fitting, width_of
from attnviz.pictures.elements.shares import share_bar
from attnviz.pictures.widths import cut

text_of = texts_of(__name__)

MOST = 8  # encoders that stand in it; of more, these at even distances
GAP = 14
FOOT = 34  # for the words below the rows
QUESTION = "own"  # what the upper rows give away


def rows_of(layers: int) -> list[int]:
    """The layers of the tower, from below: the first, the last, and some between."""
    return sorted({round(n) for n in np.linspace(0, layers - 1, min(layers, MOST))})


def room_of(size: Number) -> float:
    """What the rows leave: for the key and the title above them, and the words below."""
    return FOOT + 6.4 * size


@dataclass(frozen=True, slots=True)
class Tower:
    """Where it stands, and how large its text is."""

    area: Area
    size: Number
    layers: int

    @property
    def _label(self) -> Number:
        return 2.6 * self.size

    @property
    def _step(self) -> float:
        return min(92.0, (self.area.height - room_of(self.size)) / len(rows_of(self.layers)))

    @property
    def _top(self) -> float:
        return self.area.bottom - FOOT - len(rows_of(self.layers)) * self._step

    def key(self, scene: Scene, sources: Sources) -> list[Element]:
        """Whose information each colour stands for."""
        named = [(cut(t.text, 10), sources.paint(n)) for n, t in enumerate(sources.pair)]
        if sources.others:
            label = scene.say(text_of("figure.others"), others=sources.others)
            named.append((label, style.GREY))
        side = self.size
        x, y = float(self.area.x), self._top - (4.7 if sources.others else 3.3) * side
        elements: list[Element] = []
        for number, (name, paint) in enumerate(named):
            if number == len(sources.pair):  # all others, in a line of their own
                x, y = float(self.area.x), y + 1.4 * side
            swatch = corners(Area(x, y - side / 2, side, side))
            colour = getattr(paint, scene.mode)
            elements += [
                element("rect", **swatch, fill=style.tint(paint, scene.mode), stroke=colour),
                text(x + 1.5 * side, y, name, style.INK[scene.mode], size=side, anchor="start"),
            ]
            x += 1.5 * side + width_of(name, side) + 1.6 * side
        return [element("g", *elements, class_="key")]

    def _bar(self, row: int, column: int, columns: int) -> Area:
        wide = (self.area.width - self._label - GAP * (columns - 1)) / columns
        high = min(34.0, 0.6 * self._step)
        y = self.area.bottom - FOOT - row * self._step - high
        return Area(self.area.x + self._label + column * (wide + GAP), y, wide, high)

    def drawn(
        self, scene: Scene, sources: Sources, norms: Norms, first: int, all_of_them: int
    ) -> Element:
        """The lowest encoder at the step `first`, and all others at `all_of_them`."""
        ink, faint = style.INK[scene.mode], style.FAINT_INK[scene.mode]
        shown = rows_of(self.layers)
        above = [self._row(scene, sources, norms, n, layer) for n, layer in enumerate(shown) if n]
        return element(
            "g",
            at_step(
                first,
                *self._title(scene, ink, faint),
                *self._words(scene, sources),
                self._row(scene, sources, norms, 0, 0),
            ),
            at_step(all_of_them, *above) if above else None,
        )

    def _title(self, scene: Scene, ink: str, faint: str) -> list[Element]:
        x, top = self.area.x, self._top
        title, note = (scene.say(text_of(f"figure.{name}")) for name in ("tower", "tower_how"))
        return [
            text(
                x, top - 1.7 * self.size, title, ink, size=self.size + 1, anchor="start", bold=True
            ),
            text(x, top - 0.2 * self.size, note, faint, size=self.size, anchor="start"),
        ]

    def _words(self, scene: Scene, sources: Sources) -> list[Element]:
        y, elements = self.area.bottom - 14, []
        for index, token in enumerate(sources.pair):
            area = self._bar(0, index, len(sources.pair))
            colour = getattr(sources.paint(index), scene.mode)
            label = fitting(token.text, area.width, self.size + 3)
            elements.append(text(area.centre[0], y, label, colour, size=self.size + 1, bold=True))
        return elements

    def _row(self, scene: Scene, sources: Sources, norms: Norms, row: int, layer: int) -> Element:
        """R of both words after a layer; above the first once it was predicted."""
        parts: list[Element] = []
        for index, token in enumerate(sources.pair):
            area = self._bar(row, index, len(sources.pair))
            if row:
                x = area.centre[0]
                below = self._bar(row - 1, index, len(sources.pair))
                parts.append(arrow((x, below.y - 2), (x, area.bottom + 2), scene.mode))
            label = f"#{layer + 1} · {token.text}"
            shares = shares_of(scene, sources, norms, layer, token.position)
            bar = share_bar(shares, area, scene.mode, label, size=self.size)
            parts.append(if_answered(QUESTION, bar, self._unknown(scene, area)) if row else bar)
        y = self._bar(row, 0, len(sources.pair)).centre[1]
        name = text(
            self.area.x,
            y,
            f"#{layer + 1}",
            getattr(style.X, scene.mode),
            size=self.size + 1,
            anchor="start",
            bold=True,
        )
        return element("g", name, *parts)

    def _unknown(self, scene: Scene, area: Area) -> Element:
        """A bar that is to be predicted."""
        ink = style.FAINT_INK[scene.mode]
        return element(
            "g",
            element(
                "rect",
                **corners(area),
                fill="none",
                stroke=ink,
                stroke_dasharray="4 4",
            ),
            text(*area.centre, "?", ink, size=self.size + 2),
        )
