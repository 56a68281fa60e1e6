"""The paths of our SVG as operators of PDF: straight lines, and arcs as Bézier curves."""

import re
from collections.abc import Iterator
from math import atan2, ceil, cos, pi, sin, sqrt, tan

from attnviz.pictures.paper import Length

_PART = re.compile(r"([MmLlHhVvAaZz])|(-?[\d.]+(?:e-?\d+)?)")
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "A": 7, "Z": 0}

Point = tuple[float, float]


def number(value: Length) -> str:
    """A number as PDF writes it: never with an exponent."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def numbers(*values: Length) -> str:
    """Several, with spaces between."""
    return " ".join(map(number, values))


def path_operators(d: str) -> Iterator[str]:
    """Each step of a path's `d`."""
    at = start = (0.0, 0.0)
    for letter, given in _steps(d):
        kind, relative = letter.upper(), letter.islower()
        if kind == "Z":
            at = start
            yield "h"
            continue
        before, at = at, _end(kind, relative, given, at)
        if kind == "M":
            start = at
            yield f"{numbers(*at)} m"
        elif kind == "A":
            yield from _arc(before, at, given)
        else:
            yield f"{numbers(*at)} l"


def _steps(d: str) -> Iterator[tuple[str, list[float]]]:
    letter = ""
    given: list[float] = []
    for found in _PART.finditer(d):
        if found[1]:
            letter, given = found[1], []
        else:
            given.append(float(found[2]))
        if letter and len(given) == _TAKES[letter.upper()]:
            yield letter, given
            given = []


def _end(kind: str, relative: bool, given: list[float], at: Point) -> Point:
    x, y = at if relative else (0.0, 0.0)
    if kind == "H":
        return x + given[0], at[1]
    if kind == "V":
        return at[0], y + given[0]
    return x + given[-2], y + given[-1]


def _arc(start: Point, end: Point, given: list[float]) -> Iterator[str]:
    """An unturned elliptic arc (SVG 1.1, F.6.5) as curves of a quarter at most."""
    rx, ry, _, large, sweep, *_ = given
    dx, dy = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    grown = max(1.0, sqrt((dx / rx) ** 2 + (dy / ry) ** 2))
    rx, ry = rx * grown, ry * grown
    across = (rx * dy) ** 2 + (ry * dx) ** 2
    factor = sqrt(max(0.0, (rx * ry) ** 2 / across - 1)) * (-1 if large == sweep else 1)
    cx, cy = factor * rx * dy / ry, -factor * ry * dx / rx
    middle = (cx + (start[0] + end[0]) / 2, cy + (start[1] + end[1]) / 2)
    first = atan2((dy - cy) / ry, (dx - cx) / rx)
    turn = atan2((-dy - cy) / ry, (-dx - cx) / rx) - first
    turn += 2 * pi * ((turn < 0) if sweep else -(turn > 0))
    count = max(1, ceil(abs(turn) / (pi / 2) - 1e-9))
    for n in range(count):
        a, b = first + turn * n / count, first + turn * (n + 1) / count
        reach = 4 / 3 * tan((b - a) / 4)
        points = (
            (cos(a) - reach * sin(a), sin(a) + reach * cos(a)),
            (cos(b) + reach * sin(b), sin(b) - reach * cos(b)),
            (cos(b), sin(b)),
        )
        placed = [part for x, y in points for part in (middle[0] + rx * x, middle[1] + ry * y)]
        yield f"{numbers(*placed)} c"
