"""Curves: a few named series over the same numbers, as an SVG with a table's worth of titles."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements.lettering import width_of
from attnviz.pictures.style import Mode

WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 32, 40
TICKS = 4
LARGEST, LINE = 19, 22  # units of a letter and of a line, where it is read from afar
Place = Callable[[int, int | float], tuple[float, float]]  # in pixels


class Series(NamedTuple):
    """One line: a y for every x."""

    name: str
    values: Sequence[float]
    colour: str
    dash: str = "none"


def curve(
    across: Sequence[int],
    series: Sequence[Series],
    mode: Mode,
    *,
    name_across: str,
    level: tuple[float, str] | None = None,
    largest: float | None = None,
) -> Element:
    """Lines over `across`, from 0 up to the largest value; `level` is a named dashed line."""
    everything = [v for s in series for v in s.values] + ([level[0]] if level else [])
    top = largest or max(everything, default=1.0) * 1.08 or 1.0
    first, last = min(across), max(across)

    def place(x: int, y: int | float) -> tuple[float, float]:
        along = (x - first) / (last - first or 1)
        return (
            round(LEFT + along * (WIDTH - LEFT - RIGHT), 1),
            round(HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM), 1),
        )

    parts = _grid(across, top, mode, place)
    if level is not None:
        parts += _level(level, mode, place)
    above = _lines_above(series)
    for index, line in enumerate(series):
        parts += _line(line, across, place)
        x = LEFT if above else LEFT + round(index * (WIDTH - LEFT) / len(series))
        parts += _legend(line, x, LINE * (index - above if above else 0))
    parts.append(_text(WIDTH / 2, HEIGHT - 4, name_across, style.FAINT_INK[mode], "middle"))
    view = f"0 {-LINE * above} {WIDTH} {HEIGHT + LINE * above}"
    return element("svg", *parts, viewBox=view, class_="curve", role="img", aria_label=name_across)


def _lines_above(series: Sequence[Series]) -> int:
    """How many lines the names need besides one: as many as names, where one is too long."""
    room = (WIDTH - LEFT) / len(series) - 23  # beside its mark
    return 0 if all(width_of(line.name, LARGEST) <= room for line in series) else len(series) - 1


def _grid(across: Sequence[int], top: float, mode: Mode, place: Place) -> list[Element]:
    faint, rule = style.FAINT_INK[mode], style.RULE[mode]
    parts = []
    for tick in range(TICKS + 1):
        y_value = top * tick / TICKS
        (x1, y), (x2, _) = place(min(across), y_value), place(max(across), y_value)
        parts.append(element("line", x1=x1, x2=x2, y1=y, y2=y, stroke=rule))
        parts.append(_text(LEFT - 5, y + 4, printed(y_value, 2), faint, "end"))
    step = max(1, len(across) // 12)
    for x_value in across[::step]:
        x, _ = place(x_value, 0)
        parts.append(_text(x, HEIGHT - BOTTOM + 14, f"{x_value:g}", faint, "middle"))
    return parts


def _level(level: tuple[float, str], mode: Mode, place: Place) -> list[Element]:
    _, y = place(0, level[0])
    faint = style.FAINT_INK[mode]
    return [
        element(
            "line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, stroke=faint, stroke_dasharray="5 4"
        ),
        _text(WIDTH - RIGHT, y - 4, level[1], faint, "end"),
    ]


def _line(one: Series, across: Sequence[int], place: Place) -> list[Element]:
    points = [place(x, y) for x, y in zip(across, one.values, strict=True)]
    path = " ".join(f"{x},{y}" for x, y in points)
    line = element(
        "polyline",
        points=path,
        fill="none",
        stroke=one.colour,
        stroke_width=2,
        stroke_dasharray=one.dash,
        data_values=" ".join(repr(float(v)) for v in one.values),
    )
    dots = [
        element(
            "circle",
            element("title", f"{one.name}, {x:g}: {printed(y, 4)}"),
            cx=point[0],
            cy=point[1],
            r=4,
            fill=one.colour,
        )
        for point, x, y in zip(points, across, one.values, strict=True)
    ]
    return [line, *dots]


def _legend(one: Series, x: int, y: int) -> list[Element]:
    mark = element(
        "line",
        x1=x,
        x2=x + 18,
        y1=12 + y,
        y2=12 + y,
        stroke=one.colour,
        stroke_width=2,
        stroke_dasharray=one.dash,
    )
    return [mark, _text(x + 23, 18 + y, one.name, one.colour, "start")]


def _text(x: int | float, y: int | float, text: str, colour: str, anchor: str) -> Element:
    return element("text", text, x=x, y=y, fill=colour, text_anchor=anchor)
