"""The opening figure: the sentence as a photograph, and the maps that a layer's heads make of it.

The maps stand in a pile, the head that is followed in front, and fan out; then a filter slides
along the sentence while a head jumps.
"""

import json

import numpy as np

from attnviz.core.heads import HeadId
from attnviz.digits import printed
from attnviz.lessons.chapters.c03_feature_maps.looking import (
    Looks,
    filter_slides,
    head_jumps,
)
from attnviz.lessons.chapters.c03_feature_maps.sheets import (
    NARROW,
    WIDE,
    Maps,
    Plan,
    maps_of,
    said_of,
)
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Number, arrow, at_step, cell_of, corners, text
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.lettering import fitting, width_of
from attnviz.pictures.elements.maps import ink_map, pile, squares
from attnviz.pictures.elements.sentence_words import LONGEST, photograph
from attnviz.pictures.style import code
from attnviz.pictures.widths import cut

text_of = texts_of(__name__)

QUESTION = "most-seen"
STEPS = ("photo", "read", "row", "fan", "column", "filter", "jump")
READ, ROW, FAN, COLUMN, FILTER, JUMP = range(1, len(STEPS))


def _draw_stack(scene: Scene) -> Drawing:
    maps = maps_of(scene)
    looks = Looks.of(scene)
    forms = [
        Form(plan.width, plan.height, _drawn(scene, maps, looks, plan)) for plan in (WIDE, NARROW)
    ]
    clipped = len(maps.tokens) < len(scene.trace.tokens)
    keys = ["row_of_some" if clipped and step == "row" else step for step in STEPS]
    steps = [scene.say(text_of(f"figure.steps.{key}"), **said_of(maps)) for key in keys]
    alt = scene.say(text_of("figure.alt"), **said_of(maps))
    values: dict[str, object] = {"maps": np.stack(list(maps.sheets.values()))}
    return figure(
        forms[0], forms[1], steps, alt, scene.mode, scene.language, values=values, on_paper=FAN
    )


def _drawn(scene: Scene, maps: Maps, looks: Looks, plan: Plan) -> list[Element]:
    mode = scene.mode

    def left_out(rest: int) -> str:
        return scene.say(text_of("figure.left_out"), rest=rest)

    photo = photograph(
        scene.trace.tokens,
        plan.photo,
        mode,
        size=plan.writing,
        focus=maps.focus.position,
        left_out=left_out,
        option=QUESTION,
    )
    return [
        photo,
        at_step(0, *_pile(scene, maps, plan), until=FAN),
        at_step(FAN, *_fan(scene, maps, plan), until=FILTER),
        at_step(FILTER, *filter_slides(scene, looks, plan.looking, plan.small), until=JUMP),
        at_step(JUMP, *head_jumps(scene, looks, plan.looking, plan.small)),
    ]


def _sheet(scene: Scene, maps: Maps, head: HeadId, area: Area, **attributes: object) -> Element:
    return ink_map(
        maps.sheets[head],
        area,
        style.SCORE,
        scene.mode,
        name=str(head),
        largest=maps.largest,
        columns=[token.position for token in maps.tokens],
        frame=getattr(code(head.head), scene.mode),
        denied=maps.denied.get(head),
        data_part=f"head.{head.layer}.{head.head}",
        tabindex=0,
        role="button",
        **attributes,
    )


def _columns(maps: Maps, area: Area) -> Element:
    """The columns of the map that is followed: a click at one chooses its word.

    While it is asked which word is looked at most, that is the answer. By key the words of
    the photograph are chosen.
    """
    count = len(maps.tokens)
    return element(
        "g",
        *(
            element(
                "rect",
                element("title", token.name),
                **corners(cell_of(area, 1, count, 0, at)),
                fill="transparent",
                class_="by-pointer",
                data_part=f"word.{token.position}",
                data_lights=f"word.{token.position}",
                data_choose=json.dumps({"word": token.position}),
                data_option=None if token.is_special else f"{QUESTION}.{token.position}",
            )
            for at, token in enumerate(maps.tokens)
        ),
        class_="columns",
    )


def _pile(scene: Scene, maps: Maps, plan: Plan) -> list[Element]:
    """The photograph's line, and the sheets behind each other; a click fans them out."""
    mode, behind = scene.mode, max(1, len(maps.order) - 1)
    step = (plan.spread[0] / behind, plan.spread[1] / behind)
    places = pile(plan.front, len(maps.order), step)
    last = places[-1]
    drawn = list(_threads(plan, last, scene))
    for head, place in reversed(list(zip(maps.order, places, strict=True))):
        fans = scene.say(text_of("figure.fans"), head=head)
        drawn.append(_sheet(scene, maps, head, place, data_goes=FAN, aria_label=fans))
        label = str(head) if head == maps.head else f"H{head.head}"
        ink = getattr(code(head.head), mode)
        corner = (place.x - 4, place.y - plan.small * 0.7)
        if head == maps.head:
            drawn.append(_columns(maps, place))
            drawn.append(
                text(
                    place.x,
                    place.bottom + plan.small,
                    label,
                    ink,
                    size=plan.small * 1.15,
                    anchor="start",
                    bold=True,
                )
            )
        elif _has_room(step, plan):
            drawn.append(text(*corner, label, ink, size=plan.small, anchor="start"))
    sizes, y = _sizes(scene, maps, plan)
    x, faint = plan.width - 8, style.FAINT_INK[mode]
    drawn.append(text(x, y, sizes, faint, size=plan.small, anchor="end"))
    return [*drawn, *_reading(scene, maps, plan, y + 1.5 * plan.small)]


def _sizes(scene: Scene, maps: Maps, plan: Plan) -> tuple[str, Number]:
    """How many maps of what size, and its y: below the name of the head, or beside that."""
    clipped = len(maps.tokens) < len(scene.trace.tokens)
    sizes = scene.say(text_of(f"figure.{'some' if clipped else 'sizes'}"), **said_of(maps))
    named_to = plan.front.x + width_of(str(maps.head), plan.small * 1.15)
    has_room = plan.width - 8 - width_of(sizes, plan.small) >= named_to + plan.small
    return sizes, plan.front.bottom + (1.0 if has_room else 2.3) * plan.small


def _has_room(step: tuple[Number, Number], plan: Plan) -> bool:
    """Whether names fit along the corners of the pile."""
    return step[0] >= 1.8 * plan.small or -step[1] >= plan.small


def _threads(plan: Plan, last: Area, scene: Scene) -> list[Element]:
    """As in the note: a line out of the photograph, through the pile, and on."""
    mode, photo = scene.mode, plan.photo
    if photo.right < plan.front.x:
        low = 0.88  # of the way down, below what is written beside the sheet in front
        y, on = plan.front.y + low * plan.front.height, last.y + low * last.height
        return [
            arrow((photo.right, y), (plan.front.x, y), mode, width=2.5),
            arrow((last.right, on), (plan.width - 2, on), mode, width=2.5),
        ]
    x = plan.front.centre[0]
    return [arrow((x, photo.bottom), (x, plan.front.y), mode, width=2)]


def _reading(scene: Scene, maps: Maps, plan: Plan, down: Number) -> list[Element]:
    """How to read the sheet in front: its axes, then one row and its darkest cell.

    `down` is the y of what is said below it.
    """
    mode, front, size = scene.mode, plan.front, plan.small
    ink = style.INK[mode]
    across = element(
        "g",
        text(front.x - 1.1 * size, front.centre[1], _axis(scene, "rows"), ink, size=size),
        transform=f"rotate(-90 {front.x - 1.1 * size} {front.centre[1]})",
    )
    axes = at_step(
        READ,
        across,
        text(front.centre[0], down, _axis(scene, "columns"), ink, size=size),
        until=ROW,
    )
    count, row, column = len(maps.tokens), maps.place(maps.focus), maps.place(maps.key)
    line = cell_of(front, count, 1, row, 0)
    cell = cell_of(front, count, count, row, column)
    address = f"A.{maps.head.layer}.{maps.head.head}.{maps.focus.position}.{maps.key.position}"
    large = 1.2 * size
    room = min(front.centre[0], plan.width - front.centre[0]) - 2.6 * large  # of a word
    focus, key = (fitting(cut(t.text, LONGEST), room, large) for t in (maps.focus, maps.key))
    says = f"{maps.head} · {maps.focus.name} → {maps.key.name}: {printed(maps.weight, 4)}"
    number = element(
        "g",
        text(
            front.centre[0],
            down,
            f"{focus} → {key}: {printed(maps.weight, 2)}",
            ink,
            size=large,
            bold=True,
        ),
        data_part=address,
        data_value=repr(maps.weight),
        data_says=says,
        data_lights=f"word.{maps.key.position}",
        tabindex=0,
    )
    marks = at_step(
        ROW,
        element("rect", **_box(line, 1), fill="none", stroke=ink, stroke_width=2),
        element("rect", **_box(cell, 3), fill="none", stroke=ink, stroke_width=3),
        text(
            front.x - 6,
            line.centre[1],
            fitting(maps.focus.text, _left_of(front, plan), 1.12 * size),
            ink,
            size=size,
            anchor="end",
            bold=True,
        ),
        number,
        until=FAN,
    )
    return [axes, marks]


def _left_of(front: Area, plan: Plan) -> Number:
    """The room for a word at the left of the sheet in front."""
    begins = plan.photo.right if plan.photo.right < front.x else 0
    return front.x - 10 - begins


def _axis(scene: Scene, which: str) -> str:
    return scene.say(text_of(f"figure.axes.{which}"))


def _box(area: Area, by: Number) -> dict[str, Number]:
    wider = Area(area.x - by, area.y - by, area.width + 2 * by, area.height + 2 * by)
    return corners(wider)


def _fan(scene: Scene, maps: Maps, plan: Plan) -> list[Element]:
    """All sheets beside each other, in the order of the heads; then the column of the word."""
    mode, size = scene.mode, plan.small
    heads = list(maps.sheets)
    places = squares(len(heads), plan.fan, gap=size, label=1.4 * size)
    count, ink = len(maps.tokens), style.INK[mode]
    drawn: list[Element] = []
    columns: list[Element] = []
    for head, place in zip(heads, places, strict=True):
        brings = scene.say(text_of("figure.brings"), head=head)
        choice = json.dumps({"head": [head.layer, head.head]})
        drawn += [
            _sheet(scene, maps, head, place, data_choose=choice, aria_label=brings),
            text(
                place.x,
                place.y - 0.75 * size,
                str(head),
                getattr(code(head.head), mode),
                size=size,
                anchor="start",
                bold=head == maps.head,
            ),
        ]
        if head == maps.head:
            drawn.append(_columns(maps, place))
        column = cell_of(place, 1, count, 0, maps.place(maps.focus))
        columns.append(element("rect", **_box(column, 2), fill="none", stroke=ink, stroke_width=2))
    return [*drawn, at_step(COLUMN, *columns)]


PART = Part("stack", _draw_stack, uses=("head", "word"))
