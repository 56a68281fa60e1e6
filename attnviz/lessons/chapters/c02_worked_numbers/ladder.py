"""What both ladders of numbers draw: labels down the left, words as columns."""

from collections.abc import Sequence

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Number, text
from attnviz.pictures.elements.lettering import wrapped
from attnviz.pictures.style import Mode, Paint

LINE = 1.25  # of the size of a text, from one line to the next
WEIGHTED = 2  # decimals of a weight, and of what is weighed


def label(
    said: str, x: Number, y: Number, width: Number, mode: Mode, size: Number
) -> list[Element]:
    """The name of a row, at its left, in as many lines as it needs."""
    lines = wrapped(said, width, size)
    top = y - (len(lines) - 1) * size * LINE / 2
    return [
        text(x, top + n * size * LINE, line, style.INK[mode], size=size, anchor="start")
        for n, line in enumerate(lines)
    ]


def coloured(
    x: Number,
    y: Number,
    pieces: Sequence[tuple[str, Paint | None]],
    mode: Mode,
    size: Number,
    anchor: str = "middle",
) -> Element:
    """One line of text in several colours."""
    spans = [
        element("tspan", letters, fill=getattr(paint or style.INK_PAINT, mode))
        for letters, paint in pieces
    ]
    return element(
        "text",
        *spans,
        x=round(x, 1),
        y=round(y, 1),
        font_size=size,
        font_weight=650,
        text_anchor=anchor,
        dominant_baseline="central",
    )


def number(
    drawn: Element, value: float, part: str, says: str = "", lights: Sequence[str] = (),
    plays: str | None = None,
) -> Element:  # fmt: skip
    """A text that stands for a number, with its address and how it is made."""
    return element(
        "g",
        element("title", repr(value)),
        drawn,
        class_="number-at",
        data_part=part,
        data_value=repr(value),
        data_says=says or None,
        data_lights=" ".join(lights) or None,
        data_plays=plays,
        tabindex=0 if says else None,
    )
