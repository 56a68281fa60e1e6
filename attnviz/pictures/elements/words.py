"""Words of a sentence in a row: each can be clicked, the chosen one stands out."""

import json
from collections.abc import Sequence

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import SMALL, TEXT, Area, Number, corners, text
from attnviz.pictures.elements.lettering import fitting
from attnviz.pictures.style import Mode


def word(
    area: Area,
    name: str,
    position: int,
    mode: Mode,
    *,
    chosen: bool = False,
    size: Number = TEXT,
    control: str | None = "word",
    option: str | None = None,
    part: str | None = None,
) -> Element:
    """A word in a frame, which a click makes the value of a control, or the answer `option`."""
    colour = getattr(style.X, mode)
    frame = element(
        "rect",
        **corners(area),
        rx=6,
        fill=style.tint(style.X, mode) if chosen else style.PAPER[mode],
        stroke=colour if chosen else style.RULE[mode],
        stroke_width=2 if chosen else 1.2,
    )
    x, y = area.centre
    ink = style.INK[mode]
    shown = fitting(name, area.width - 8, size)
    return element(
        "g",
        element("title", name),
        frame,
        text(x, y, shown, ink, size=size, bold=chosen),
        class_="word",
        data_part=part or f"word.{position}",
        data_lights=part or f"word.{position}",
        data_choose=json.dumps({control: position}) if control else None,
        data_option=option,
        tabindex=0 if control else None,
        role="button",
        aria_label=name,
    )


def row_of_words(
    area: Area,
    names: Sequence[str],
    positions: Sequence[int],
    chosen: int,
    mode: Mode,
    *,
    size: Number = TEXT,
    gap: Number = 8,
) -> list[Element]:
    """Words beside each other, all equally wide."""
    step = (area.width + gap) / max(1, len(positions))
    return [
        word(
            Area(area.x + at * step, area.y, step - gap, area.height),
            names[position],
            position,
            mode,
            chosen=position == chosen,
            size=max(SMALL - 1, size),
        )
        for at, position in enumerate(positions)
    ]
