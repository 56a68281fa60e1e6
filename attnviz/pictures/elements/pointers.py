"""Arrows that leap along a row: from one place to another, or in a loop to itself."""

from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Number

_HEAD = 10


def leap(
    start: Number,
    end: Number,
    y: Number,
    height: Number,
    colour: str,
    width: Number,
    **more: object,
) -> Element:
    """An arrow over the row at `y`, `height` units high; below it where that is negative."""
    aside = 12 if start == end else 0
    x1, x2 = start - aside, end + aside
    middle = (x1 + x2) / 2
    wide = 40 if start == end else 0
    path = (
        f"M{x1:.1f} {y:.1f}C{x1 - wide:.1f} {y - height:.1f} {x2 + wide:.1f} {y - height:.1f} "
        f"{x2:.1f} {y:.1f}"
    )
    if start != end:
        path = f"M{x1:.1f} {y:.1f}Q{middle:.1f} {y - 2 * height:.1f} {x2:.1f} {y:.1f}"
    sign = 1 if height > 0 else -1
    points = [(x2, y), (x2 - _HEAD / 2, y - sign * _HEAD), (x2 + _HEAD / 2, y - sign * _HEAD)]
    tip = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    return element(
        "g",
        element("path", d=path, fill="none", stroke=colour, stroke_width=width),
        element("polygon", points=tip, fill=colour),
        class_="leap",
        **more,
    )
