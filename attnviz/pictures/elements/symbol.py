"""Symbols of the note: a letter with what stands below and above it, such as W₀ of the queries."""

from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import TEXT, Number, text


def symbol(
    x: Number,
    y: Number,
    letter: str,
    colour: str,
    *,
    below: str = "",
    above: str = "",
    size: Number = TEXT,
    anchor: str = "middle",
) -> Element:
    """A letter in bold; `y` is its middle."""
    small = max(11, round(0.81 * size, 1))
    low, high = 0.28 * size, 0.72 * size
    under = element("tspan", below, dy=round(low, 1), font_size=small) if below else None
    rise = round(-(high if below else high - low), 1)
    over = element("tspan", above, dy=rise, font_size=small) if above else None
    return text(x, y, letter, colour, size=size, anchor=anchor, bold=True, more=[under, over])
