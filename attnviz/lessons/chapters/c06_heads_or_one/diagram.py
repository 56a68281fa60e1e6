"""The multi-head block, drawn upward as in the note (Vaswani et al. 2017, figure 2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, Point, arrow, corners, stack, text
from attnviz.pictures.style import Paint

text_of = texts_of(__name__)

INPUTS = {"V": style.V, "K": style.K, "Q": style.Q}  # from left to right
ONE_SET, ONE_HEAD, PROJECTION = 1, 2, 4  # the chapters that take the boxes apart


class Sizes(NamedTuple):
    """What goes through the block."""

    heads: int
    width: int  # of the model
    d_k: int  # of a head


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the block stands, in one form of the figure."""

    middle: Number
    title: Number  # its y
    output: Area
    concat: Area
    attention: Area
    linear: Mapping[str, Area]
    letters: Number  # their y
    depth: Number  # how far the shadows of the attention box reach; half of it for the others
    size: Number  # of texts

    def shadow(self, heads: int, of: str) -> Number:
        """From one shadow to the next, so that all reach equally far."""
        return (self.depth if of == "attention" else 0.55 * self.depth) / max(7, heads - 1)


def inputs(frame: Frame, scene: Scene) -> list[Element]:
    """V, K and Q at the bottom, with an arrow each."""
    drawn = []
    for letter, paint in INPUTS.items():
        x, top = frame.linear[letter].side("bottom")
        colour = getattr(paint, scene.mode)
        drawn += [
            arrow(
                (x, frame.letters - frame.size),
                (x, top + 3),
                scene.mode,
                colour=style.INK[scene.mode],
            ),
            text(x, frame.letters, letter, colour, size=1.5 * frame.size, bold=True),
        ]
    return drawn


def projections(frame: Frame, sizes: Sizes, scene: Scene) -> list[Element]:
    """The three Linear boxes, each once for every head."""
    drawn = []
    for letter, paint in INPUTS.items():
        area = frame.linear[letter]
        widths = f"{sizes.width} → {sizes.d_k}"
        front = _box(area, "linear", widths, ONE_SET, paint, frame, scene)
        drawn.append(_stack(front, area, sizes.heads, frame.shadow(sizes.heads, "linear"), scene))
    return drawn


def attention(frame: Frame, sizes: Sizes, scene: Scene) -> list[Element]:
    """The attention box, once for every head, with the arrows into it and the brace."""
    area, mode = frame.attention, scene.mode
    front = _box(area, "attention", f"d_k = {sizes.d_k}", ONE_HEAD, style.Q, frame, scene)
    shadow = frame.shadow(sizes.heads, "attention")
    linear = [frame.linear[letter] for letter in INPUTS]
    into = [
        arrow(place.side("top"), (place.centre[0], area.bottom + 3), mode, colour=style.INK[mode])
        for place in linear
    ]
    return [
        _stack(front, area, sizes.heads, shadow, scene),
        *into,
        *_brace(frame, sizes, shadow * (sizes.heads - 1), scene),
    ]


def joined(frame: Frame, sizes: Sizes, scene: Scene) -> list[Element]:
    """Concat, the last Linear, and what comes out."""
    mode, ink = scene.mode, style.INK[scene.mode]
    wide = sizes.heads * sizes.d_k
    x = frame.middle
    out = scene.say(text_of("figure.output"))
    return [
        arrow((x, frame.attention.y - 2), (x, frame.concat.bottom + 3), mode, colour=ink),
        _box(
            frame.concat,
            "concat",
            f"{sizes.heads} × {sizes.d_k} = {wide}",
            PROJECTION,
            style.SCORE,
            frame,
            scene,
        ),
        arrow((x, frame.concat.y), (x, frame.output.bottom + 3), mode, colour=ink),
        _box(
            frame.output, "linear", f"{wide} → {sizes.width}", PROJECTION, style.GREY, frame, scene
        ),
        arrow((x, frame.output.y), (x, frame.title + frame.size), mode, colour=ink),
        text(x, frame.title, out, ink, size=1.45 * frame.size, bold=True),
    ]


def ghost(frame: Frame, heads: int, scene: Scene) -> list[Element]:
    """The outline of the whole block, faint: what will stand where."""
    fill, stroke = style.PAPER[scene.mode], style.RULE[scene.mode]

    def outline(area: Area) -> Element:
        return element("rect", **corners(area), rx=7, fill=fill, stroke=stroke, stroke_width=1.5)

    drawn = []
    for of, area in (
        ("attention", frame.attention),
        *(("linear", a) for a in frame.linear.values()),
    ):
        step = frame.shadow(heads, of)
        drawn += [
            outline(area._replace(x=area.x + n * step, y=area.y - n * step))
            for n in range(heads - 1, -1, -1)
        ]
    return [*drawn, outline(frame.concat), outline(frame.output)]


def _stack(front: Element, area: Area, heads: int, shadow: Number, scene: Scene) -> Element:
    return stack(front, area, heads - 1, scene.mode, step=round(shadow, 2))


def _box(
    area: Area, name: str, size: str, chapter: int, paint: Paint, frame: Frame, scene: Scene
) -> Element:
    """A box that opens the chapter which takes it apart."""
    mode = scene.mode
    label = scene.say(text_of(f"figure.{name}"))
    where = scene.say(text_of("figure.in_chapter"), number=chapter)
    x, y = area.centre
    row = 1.15 * frame.size
    return element(
        "g",
        element(
            "rect",
            **corners(area),
            rx=7,
            fill=style.tint(paint, mode),
            stroke=getattr(paint, mode),
            stroke_width=1.6,
        ),
        text(x, y - row, label, style.INK[mode], size=frame.size, bold=True),
        text(x, y, size, style.INK[mode], size=frame.size),
        text(x, y + row, f"▸ {where}", style.FAINT_INK[mode], size=max(11, frame.size)),
        class_="box",
        data_choose=json.dumps({"chapter": chapter}),
        tabindex=0,
        role="button",
        aria_label=f"{label}, {where}",
    )


def _brace(frame: Frame, sizes: Sizes, reach: Number, scene: Scene) -> list[Element]:
    """The brace along the shadows, with the number of heads."""
    area, ink = frame.attention, style.INK[scene.mode]
    gap, tip = 0.5 * frame.size, 0.7 * frame.size
    start: Point = (area.right + gap, area.bottom + gap)
    end: Point = (start[0] + reach, start[1] - reach)
    count = f"h = {sizes.heads}"
    middle = ((start[0] + end[0]) / 2 + tip, (start[1] + end[1]) / 2 + tip)
    label = text(
        middle[0] + 5, middle[1] + 5, count, ink, size=1.05 * frame.size, anchor="start", bold=True
    )
    if not reach:
        return [label]
    quarter = reach / 4
    path = (
        f"M{start[0]:.1f} {start[1]:.1f}"
        f"q{tip / 2:.1f} {tip / 2:.1f} {tip / 2 + quarter:.1f} {tip / 2 - quarter:.1f}"
        f"T{middle[0]:.1f} {middle[1]:.1f}"
        f"M{end[0]:.1f} {end[1]:.1f}"
        f"q{tip / 2:.1f} {tip / 2:.1f} {tip / 2 - quarter:.1f} {tip / 2 + quarter:.1f}"
        f"T{middle[0]:.1f} {middle[1]:.1f}"
    )
    return [
        element("path", d=path, fill="none", stroke=ink, stroke_width=1.8, class_="brace"),
        label,
    ]
