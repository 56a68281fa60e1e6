"""What an encoder is drawn of: a frame with its name, a pill, and a way around a box."""

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, Point, text
from attnviz.pictures.style import Mode, Paint


def frame(
    area: Area,
    name: str,
    mode: Mode,
    *,
    size: Number,
    at: Point,
    anchor: str,
    is_open: bool = False,
) -> Element:
    """A large rounded frame with its name; an open one goes on above the picture."""
    x, y, right, bottom = area.x, area.y, area.right, area.bottom
    colour = getattr(style.X, mode)
    if is_open:
        outline = element(
            "path",
            d=f"M{x} {y}V{bottom - 16}Q{x} {bottom} {x + 16} {bottom}H{right - 16}"
            f"Q{right} {bottom} {right} {bottom - 16}V{y}",
            fill="none",
            stroke=colour,
            stroke_width=2,
        )
    else:
        outline = element(
            "rect",
            x=x,
            y=y,
            width=area.width,
            height=area.height,
            rx=16,
            fill="none",
            stroke=colour,
            stroke_width=2,
        )
    return element("g", outline, text(*at, name, colour, size=size, anchor=anchor, bold=True))


def bypass(start: Point, end: Point, out: Number, paint: Paint, mode: Mode) -> Element:
    """The residual: from a vector around a box, `out` units to the side, and back in from there."""
    (x1, y1), (x2, y2) = start, end
    colour, side = getattr(paint, mode), x1 + out
    path = f"M{x1:.1f} {y1:.1f}H{side - 8:.1f}Q{side:.1f} {y1:.1f} {side:.1f} {y1 - 8:.1f}"
    path += f"V{y2 + 8:.1f}Q{side:.1f} {y2:.1f} {side - 8:.1f} {y2:.1f}H{x2 + 8:.1f}"
    tip = f"{x2:.1f},{y2:.1f} {x2 + 9:.1f},{y2 - 4.5:.1f} {x2 + 9:.1f},{y2 + 4.5:.1f}"
    casing = element("path", d=path, fill="none", stroke=style.PAPER[mode], stroke_width=7)
    line = element("path", d=path, fill="none", stroke=colour, stroke_width=2.5)
    return element("g", casing, line, element("polygon", points=tip, fill=colour), class_="bypass")
