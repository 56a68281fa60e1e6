"""Empty grids: matrices whose numbers are still to come."""

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, cell_of, corners
from attnviz.pictures.style import Mode, Paint

_PALE = 0.5  # of its opacity


def empty(rows: int, columns: int, area: Area, paint: Paint, mode: Mode) -> Element:
    """A matrix without numbers, pale."""
    colour, ground = getattr(paint, mode), style.tint(paint, mode)
    boxes = [
        element(
            "rect",
            **corners(cell_of(area, rows, columns, row, column)),
            fill=ground,
            stroke=colour,
        )
        for row in range(rows)
        for column in range(columns)
    ]
    return element("g", *boxes, class_="empty", opacity=_PALE, aria_hidden="true")
