"""X above and Z below: as wide as they are beside the strip, with a few of their numbers."""

import json
from collections.abc import Sequence

from attnviz.digits import printed
from attnviz.lessons.chapters.c04_concatenate.boxes import FIRST, SUM, number, outline, place
from attnviz.lessons.chapters.c04_concatenate.numbers import Sum
from attnviz.lessons.chapters.c04_concatenate.plan import Plan
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, arrow, at_step, more, text
from attnviz.pictures.elements.sentence_words import LONGEST, word
from attnviz.pictures.style import Paint
from attnviz.texts import running

text_of = texts_of(__name__)

GUESSES = {"narrower": 0.5, "same": 1.0, "wider": 1.07}  # of the strip, as they are drawn


def entering(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """X: one row for each word, a few numbers, and how many there are."""
    x = scene.trace.residual(added.layer)
    cells = [
        [
            (float(x[token.position, at]), f"X.{added.layer}.{token.position}.{at}", at)
            for at in range(min(4, x.shape[1]))
        ]
        for token in added.tokens
    ]
    bar = _bar(scene, added, plan, plan.x, style.X, "X", cells, x.shape[1])
    return [bar, *_names(scene, added, plan, plan.x, style.X, "X")]


def leaving(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """Z; while it is asked how wide it is, the widths that it may have."""
    name_of = "off.Y" if added.off else "Y"
    cells = [
        [
            (
                float(added.projected(token)[at]),
                f"{name_of}.{added.layer}.{token.position}.{at}",
                at,
            )
            for at in added.components
        ]
        for token in added.tokens
    ]
    bar = _bar(scene, added, plan, plan.z, style.Z, "Z", cells, added.width)
    return [
        element(
            "g",
            bar,
            *_names(scene, added, plan, plan.z, style.Z, "Z"),
            at_step(FIRST, *_components(scene, added, plan)),
            at_step(SUM, _from_sum(scene, plan), _widths(scene, added, plan)),
            data_after="width",
        ),
        *_guesses(scene, plan),
    ]


def _components(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """The number of each component that is drawn; a click follows it."""
    high = plan.z.height
    frame = Area(
        plan.z.x + added.components.index(added.component) * plan.cell,
        plan.z.y,
        plan.cell,
        high,
    )
    chosen_frame = element(
        "rect", **place(frame), fill="none", stroke=style.INK[scene.mode], stroke_width=3
    )
    labels = [
        element(
            "g",
            text(
                plan.z.x + (column + 0.5) * plan.cell,
                plan.z.y - 0.8 * plan.size,
                str(at),
                style.INK[scene.mode] if at == added.component else style.FAINT_INK[scene.mode],
                size=plan.size,
                bold=at == added.component,
            ),
            data_choose=json.dumps({"component": at}),
            tabindex=0,
            role="button",
            aria_label=scene.say(text_of("figure.follow"), component=at),
        )
        for column, at in enumerate(added.components)
    ]
    return [*labels, chosen_frame]


def _from_sum(scene: Scene, plan: Plan) -> Element | None:
    """An arrow from the bar of the sum to where it stands in Z."""
    if plan.turned:
        return None
    start = (plan.total, plan.formula - 14)
    return arrow(start, (plan.z.x, plan.z.y - 6), scene.mode)


def _widths(scene: Scene, added: Sum, plan: Plan) -> Element:
    """What the drawing of the note does not say: how wide Z is beside the strip."""
    is_same = added.width == added.concat
    key = "same" if is_same else "other"
    captions = [scene.say(text_of(f"figure.widths.{key}"), concat=added.concat, out=added.width)]
    if is_same:
        captions.append(scene.say(text_of("figure.widths.note")))
    lines = captions if plan.turned else [running(captions)]
    x, y = plan.width / 2, plan.z.bottom + 0.85 * plan.size
    drawn = [
        text(x, y + row * 1.3 * plan.size, line, style.FAINT_INK[scene.mode], size=plan.size)
        for row, line in enumerate(lines)
    ]
    return element("g", *drawn)


def _guesses(scene: Scene, plan: Plan) -> list[Element]:
    """Z as narrow, as wide and wider than the strip: answers that can be clicked."""
    high = min(1.46 * plan.size, (plan.height - plan.z.y) / len(GUESSES))
    middle = plan.first + plan.length / 2 if not plan.turned else plan.width / 2
    drawn = []
    for row, (option, share) in enumerate(GUESSES.items()):
        wide = share * plan.length
        area = Area(middle - wide / 2, plan.z.y + row * high, wide, high - 3)
        label = scene.say(text_of(f"questions.width.options.{option}"))
        drawn.append(
            element(
                "g",
                outline(area, style.Z, scene),
                text(*area.centre, label, style.INK[scene.mode], size=plan.size),
                class_="guess",
                data_option=f"width.{option}",
                role="button",
                aria_label=label,
            )
        )
    return drawn


def _bar(
    scene: Scene,
    added: Sum,
    plan: Plan,
    whole: Area,
    paint: Paint,
    letter: str,
    cells: Sequence[Sequence[tuple[float, str, int]]],
    width: int,
) -> Element:
    """X or Z, as wide as it is beside the strip: a few of its numbers, and their count."""
    area = whole._replace(width=whole.width * width / max(width, added.concat))
    mode, high = scene.mode, area.height / len(added.tokens)
    drawn = [outline(area, paint, scene)]
    for row, (token, line) in enumerate(zip(added.tokens, cells, strict=True)):
        top = area.y + row * high
        for column, (value, part, at) in enumerate(line):
            place = Area(area.x + column * plan.cell, top, plan.cell, high)
            says = f"{letter} · {token.name} · [{at}] = {printed(value, 4)}"
            drawn.append(number(value, place, scene, plan.size, part=part, says=says))
        x = area.x + len(line) * plan.cell + 4
        drawn.append(more(x, top + high / 2, width, mode, size=plan.size))
    return element("g", *drawn)


def _names(
    scene: Scene, added: Sum, plan: Plan, area: Area, paint: Paint, letter: str
) -> list[Element]:
    """The words of its rows, and the letter."""
    high = area.height / len(added.tokens)
    ink = getattr(paint, scene.mode)
    inside = plan.turned
    words = [
        word(
            token,
            area.right - 6 if inside else area.x - 8,
            area.y + (row + 0.5) * high,
            scene.mode,
            size=plan.size,
            anchor="end",
            chosen=token == added.focus,
            most=9 if inside else LONGEST,
            room=None if inside else area.x - 10,
        )
        for row, token in enumerate(added.tokens)
    ]
    x, y = (area.x, area.y - 9) if inside else (area.right + 14, area.centre[1])
    label = text(x, y, letter, ink, size=plan.size * 1.6, anchor="start", bold=True)
    return [*words, label]
