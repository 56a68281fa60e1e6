"""Bars that a reader draws before the measured ones are shown: by pointer, or by arrow keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, corners, text
from attnviz.pictures.style import Mode, Paint


@dataclass(frozen=True, slots=True)
class Plot:
    """Where bars stand: from 0 at the bottom of the area to 1 at its top."""

    area: Area
    columns: Sequence[Number]  # the middle of each
    width: Number  # of a column
    size: Number  # of texts

    def bar(self, column: int, share: float, part: float = 1.0) -> Area:
        """The bar of a share in a column, as wide as a part of it."""
        high, wide = self.area.height * share, self.width * part
        return Area(self.columns[column] - wide / 2, self.area.bottom - high, wide, high)


def axis(plot: Plot, mode: Mode, *, apart: float = 0.25) -> Element:
    """Lines across at equal steps from 0 to 1, in per cent."""
    left, right = plot.area.x, plot.area.right
    drawn: list[Element] = []
    for n in range(round(1 / apart) + 1):
        y = round(plot.area.bottom - plot.area.height * n * apart, 1)
        drawn += [
            element("line", x1=left, x2=right, y1=y, y2=y, stroke=style.RULE[mode]),
            text(
                left - 6,
                y,
                f"{100 * n * apart:.0f} %",
                style.FAINT_INK[mode],
                size=plot.size,
                anchor="end",
            ),
        ]
    return element("g", *drawn)


def to_draw(
    plot: Plot, names: Sequence[str], control: str, commit: tuple[str, str, Area], mode: Mode
) -> Element:
    """Empty columns in which bars can be drawn; when all are, a button gives them away.

    `commit` is what to do, what the button says, and where it stands. The bars are given to the
    control `control`, as per cents with hyphens between: 30-45-80-95.
    """
    ink, faint = style.INK[mode], style.FAINT_INK[mode]
    columns = []
    for n, name in enumerate(names):
        full = plot.bar(n, 1.0)
        middle = plot.columns[n]
        columns.append(
            element(
                "g",
                _rect(full, fill=style.WASH[mode], stroke=faint, dash="5 5", class_="reach"),
                _rect(plot.bar(n, 0.0), fill=style.RULE[mode], stroke=ink, class_="height"),
                text(middle, full.centre[1], "?", faint, size=2 * plot.size, part=None),
                element(
                    "text",
                    x=round(middle, 1),
                    fill=ink,
                    font_size=plot.size,
                    font_weight=650,
                    text_anchor="middle",
                    class_="percent",
                ),
                class_="column",
                role="slider",
                tabindex=0,
                aria_label=name,
                aria_valuemin=0,
                aria_valuemax=100,
            )
        )
    hint, label, area = commit
    button = element(
        "g",
        _rect(area, fill=style.WASH[mode], stroke=ink, class_="face", round_=8),
        text(*area.centre, label, ink, size=plot.size, bold=True),
        class_="commit",
        role="button",
        tabindex=0,
        aria_label=label,
    )
    todo = element("g", text(*area.centre, hint, faint, size=plot.size), class_="todo")
    return element("g", *columns, todo, button, class_="drawn-bars", data_control=control)


def outline(plot: Plot, column: int, share: float, mode: Mode) -> Element:
    """A bar that was drawn."""
    return _rect(
        plot.bar(column, share), fill="none", stroke=style.INK[mode], dash="5 4", class_="drawn"
    )


def measured(plot: Plot, column: int, share: float, said: str, paint: Paint, mode: Mode) -> Element:
    """A measured bar with its digits."""
    bar, colour = plot.bar(column, share, 0.6), getattr(paint, mode)
    over = max(bar.y - 0.9 * plot.size, plot.area.y - 0.9 * plot.size)
    return element(
        "g",
        _rect(bar, fill=style.tint(paint, mode), stroke=colour, class_="measured"),
        text(plot.columns[column], over, said, colour, size=plot.size, bold=True),
        data_value=repr(share),
        class_="measured",
    )


def _rect(
    area: Area, *, fill: str, stroke: str, class_: str, dash: str | None = None, round_: int = 0
) -> Element:
    return element(
        "rect",
        **corners(area),
        rx=round_ or None,
        fill=fill,
        stroke=stroke,
        stroke_width=1.6,
        stroke_dasharray=dash,
        class_=class_,
    )
