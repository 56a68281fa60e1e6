"""Print: the line diagram, with the numbers of what is pinned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.core.maps import Place
from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.svg import LABEL, WIDTH, Block, Length, cut, step_of, text

GAP = 170.0  # between queries and keys
NUMBER = 48.0  # units that a number takes along its line
MARK = 16.0  # and which of several pins it belongs to


@dataclass(frozen=True, slots=True)
class HeadLines:
    """Lines of one ink: query, key and weight of each, the weights of one sign."""

    ink: str
    dash: str
    query: np.ndarray
    key: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, slots=True)
class Layout:
    """The two edges of a line diagram, and what they are called."""

    rows: Sequence[Place]
    columns: Sequence[Place]
    vertical: bool
    edges: tuple[str, str]

    @property
    def sides(self) -> dict[str, Sequence[Place]]:
        """Queries and keys."""
        return {"q": self.rows, "k": self.columns}


def line_diagram(layout: Layout, drawn: Sequence[HeadLines], pins: Sequence[str] = ()) -> Block:
    """A line diagram. With `pins` only their lines, each with its number and its pin's mark."""
    sides, vertical = layout.sides, layout.vertical
    count = max(map(len, sides.values()))
    step = 15.0 if vertical else step_of(count, WIDTH - 16)
    edge = LABEL + (MARK if len(pins) > 1 else 0)
    room = NUMBER * len(pins) * len(drawn) + 30
    if vertical:
        right = edge + max(2 * GAP, room)
        ends = {
            side: [(x, 22 + (i + 0.5) * step) for i in range(count)]
            for side, x in (("q", edge), ("k", right))
        }
        width, height = right + edge, 26 + count * step
    else:
        gap = max(GAP, room)
        ends = {
            side: [(8 + (i + 0.5) * step, y) for i in range(count)]
            for side, y in (("q", edge + 14), ("k", edge + 14 + gap))
        }
        width, height = max(WIDTH, 16 + count * step), 2 * (edge + 14) + gap
    parts = [_edge_names(width, height, vertical, layout.edges)]
    drawn = [_of_pins(lines, pins) for lines in drawn] if pins else drawn
    for lines in drawn:
        parts += _paths(lines, ends)
    numbers = _numbers_of(drawn, pins)
    taken: dict[str, int] = defaultdict(int)  # numbers at one end of lines
    for ink, pin, far, weight in numbers:
        number, at = f"{mark(pins, pin)}{printed(weight, 3)}", ends[far[0]][int(far[1:])]
        parts += _number(at, far[0], NUMBER * taken[far], number, vertical, ink)
        taken[far] += 1
    reached = {*pins, *taken}
    for side, places in sides.items():
        for i, place in enumerate(places):
            name = f"{side}{i}"
            faint = "" if not pins or name in reached else ' opacity="0.35"'
            label = mark(pins, name) + cut(place.text)
            parts.append(_label(label, *ends[side][i], side, vertical, step, faint))
    return Block("".join(parts), width, height)


def mark(pins: Sequence[str], name: str) -> str:
    """Which of several pins a token is, as #2; nothing for one alone."""
    return f"#{list(pins).index(name) + 1} " if len(pins) > 1 and name in pins else ""


def _of_pins(lines: HeadLines, pins: Sequence[str]) -> HeadLines:
    """The lines of what is pinned alone."""
    queries, keys = ([int(pin[1:]) for pin in pins if pin[0] == side] for side in "qk")
    mine = np.isin(lines.query, queries) | np.isin(lines.key, keys)
    ends = (lines.query[mine], lines.key[mine])
    return HeadLines(lines.ink, lines.dash, *ends, lines.weight[mine])


def _numbers_of(
    drawn: Sequence[HeadLines], pins: Sequence[str]
) -> list[tuple[str, str, str, float]]:
    """Ink, pin, the line's other end and the weight, in the order of the pins."""
    numbers = [
        (lines.ink, pin, far, float(weight))
        for lines in drawn
        for query, key, weight in zip(lines.query, lines.key, lines.weight, strict=True)
        for pin, far in ((f"q{query}", f"k{key}"), (f"k{key}", f"q{query}"))
        if pin in pins
    ]
    return sorted(numbers, key=lambda number: list(pins).index(number[1]))


def _number(
    at: tuple[Length, Length], side: str, inward: Length, said: str, vertical: bool, ink: str
) -> list[str]:
    """A number on its line, on paper from the token on: a line's end would read as a minus."""
    (x, y), forward = at, (side == "q") == vertical
    start = inward + 4
    size = len(said) * 5.2 + 2
    first = inward if inward else 0
    left = first if forward else -start - size
    turn = "" if vertical else " rotate(-90)"
    ground = (
        f'<rect x="{left:g}" y="-5" width="{start + size - first:g}" height="10" '
        f'fill="{style.PAPER["light"]}"/>'
    )
    words = text(
        start if forward else -start,
        3.2,
        said,
        9,
        ink=ink,
        anchor="start" if forward else "end",
        font=' font-weight="600"',
    )
    return [f'<g class="number" transform="translate({x:g} {y:g}){turn}">{ground}{words}</g>']


def _paths(lines: HeadLines, ends: dict[str, list[tuple[Length, Length]]]) -> Iterable[str]:
    """The lines of one ink, those of one step of opacity as one path."""
    paths: dict[int, list[str]] = defaultdict(list)
    for i, level in enumerate(np.rint(style.LEVELS * np.abs(lines.weight)).astype(int)):
        (x1, y1), (x2, y2) = ends["q"][int(lines.query[i])], ends["k"][int(lines.key[i])]
        paths[int(level)].append(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}")
    for level, parts in sorted(paths.items()):
        share = level / style.LEVELS
        yield (
            f'<path fill="none" stroke="{lines.ink}" stroke-opacity="{share:.4f}" '
            f'stroke-width="{style.line_width(share):.3g}" stroke-dasharray="{lines.dash}" '
            f'd="{"".join(parts)}"/>'
        )


def _edge_names(width: Length, height: Length, vertical: bool, edges: tuple[str, str]) -> str:
    queries, keys = edges
    ink = style.FAINT_INK["light"]
    if vertical:
        return text(8, 10, queries, ink=ink) + text(width - 8, 10, keys, ink=ink, anchor="end")
    return text(8, 8, queries, ink=ink) + text(8, height, keys, ink=ink)


def _label(
    said: str, x: Length, y: Length, side: str, vertical: bool, step: Length, more: str
) -> str:
    size = min(10.0, step)
    away, towards = (-6, "end") if side == "q" else (6, "start")
    if vertical:
        return text(x + away, y + size / 3, said, size, anchor=towards, font=more)
    turned = "start" if side == "q" else "end"
    return text(x + size / 3, y + away, said, size, anchor=turned, turned=True, font=more)
