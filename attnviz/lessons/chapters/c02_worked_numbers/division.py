"""What the division does: the note's two weights for one width of a head after another."""

import json
import math
from dataclasses import dataclass

import numpy as np

from attnviz.core.weights import softmax
from attnviz.digits import printed
from attnviz.lessons import note_example
from attnviz.lessons.chapters.c02_worked_numbers.ladder import coloured, number
from attnviz.lessons.chapters.c02_worked_numbers.worked import worked
from attnviz.lessons.controls import Pick
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Number, at_step, text
from attnviz.pictures.elements.figure import Form, figure

text_of = texts_of(__name__)

WIDTHS = (1, 3, 16, 64, 256, 1024)
WIDTH = Pick("width", lambda _: WIDTHS, lambda _: note_example.D_K)
DECIMALS = 2
STEPS = ("sharp", "flat")


def _scores(width: int) -> np.ndarray:
    scores: np.ndarray = worked(0).products / math.sqrt(width)
    return scores


@dataclass(frozen=True, slots=True)
class _Bars:
    """What is drawn in both forms: for each width two bars, as tall as the weights."""

    scene: Scene

    def drawn(self, width: int, height: int, size: int, per_row: int) -> Form:
        pitch, rows = width / per_row, math.ceil(len(WIDTHS) / per_row)
        tall = height / rows
        elements: list[Element] = []
        for index, key_width in enumerate(WIDTHS):
            area = Area((index % per_row) * pitch, (index // per_row) * tall, pitch, tall)
            elements.append(
                at_step(0 if index < len(WIDTHS) / 2 else 1, self._pair(area, key_width, size))
            )
        return Form(width, height, elements)

    def _pair(self, area: Area, width: int, size: int) -> Element:
        mode, chosen = self.scene.mode, width == self.scene.number(WIDTH.name)
        middle = area.centre[0]
        ground, tall = area.bottom - 3.6 * size, area.height - 8.4 * size
        weights = softmax(_scores(width))
        frame = element(
            "rect",
            x=round(area.x + 4, 1),
            y=round(area.y + 3, 1),
            width=round(area.width - 8, 1),
            height=round(area.height - 8, 1),
            rx=8,
            fill=style.WASH[mode] if chosen else style.PAPER[mode],
            stroke=style.FAINT_INK[mode] if chosen else style.RULE[mode],
        )
        wide = min(52, area.width / 4)
        bars = [
            self._bar(middle + (n - 0.5) * 1.5 * wide, ground, wide, tall, float(w), n, width, size)
            for n, w in enumerate(weights)
        ]
        divisor = f"d_k = {width} · √d_k = {_short(math.sqrt(width))}"
        return element(
            "g",
            frame,
            text(middle, area.y + 1.5 * size, divisor, style.INK[mode], size=size, bold=chosen),
            *bars,
            data_choose=json.dumps({WIDTH.name: width}),
            tabindex=0,
            role="button",
            aria_label=divisor,
        )

    def _bar(
        self,
        middle: Number,
        ground: Number,
        wide: Number,
        tall: Number,
        weight: float,
        n: int,
        width: int,
        size: int,
    ) -> Element:
        mode, colour = self.scene.mode, getattr(style.SCORE, self.scene.mode)
        high = tall * weight
        bar = element(
            "rect",
            x=round(middle - wide / 2, 1),
            y=round(ground - high, 1),
            width=round(wide, 1),
            height=round(high, 2),
            fill=style.tint(style.SCORE, mode),
            stroke=colour,
        )
        pieces = [(printed(weight, DECIMALS), style.SCORE)]
        label = coloured(middle, ground - high - size, pieces, mode, size + 1)
        vector = f"v{'₁₂'[n]}"
        scores = [_short(float(score)) for score in _scores(width)]
        powers = [f"e^{score}" for score in scores]
        says = f"{vector}: {powers[n]} ÷ ({' + '.join(powers)}) ≈ {printed(weight, DECIMALS)}"
        name = coloured(middle, ground + size, [(vector, style.V)], mode, size + 1)
        score = text(middle, ground + 2.3 * size, scores[n], style.FAINT_INK[mode], size=size)
        drawn = element("g", bar, label, name, score)
        return number(drawn, weight, f"note.weight.{width}.{n}", says)


def _short(value: float) -> str:
    """A number with four significant digits and no more than it has."""
    return f"{value:.4g}"


def _draw_division(scene: Scene) -> Drawing:
    bars, numbers = _Bars(scene), _division_numbers(scene)
    steps = [scene.say(text_of(f"figure.division.{step}"), **numbers) for step in STEPS]
    weights = softmax(_scores(scene.number(WIDTH.name)))
    first = printed(float(weights[0]), DECIMALS)
    alt = scene.say(text_of("figure.division.alt"), **numbers, first=first)
    values = {str(width): softmax(_scores(width)) for width in WIDTHS}
    return figure(
        bars.drawn(1200, 600, 23, 3),
        bars.drawn(390, 640, 11, 2),
        steps,
        alt,
        scene.mode,
        scene.language,
        values=values,
    )


def _division_numbers(scene: Scene) -> Numbers:
    scores = _scores(scene.number(WIDTH.name))
    gap = float(scores[0] - scores[1])
    return {
        "one": f"{worked(0).products[0]:.0f}",
        "other": f"{worked(0).products[1]:.0f}",
        "width": scene.number(WIDTH.name),
        "divisor": _short(math.sqrt(scene.number(WIDTH.name))),
        "gap": _short(gap),
        "factor": _short(math.exp(gap)),
    }


PART = Part("division", _draw_division, _division_numbers, uses=(WIDTH.name,))
