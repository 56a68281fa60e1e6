"""Print: the line diagram, with the numbers of what is pinned."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Integer

from attnviz.core.maps import Place, second_text
from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.names import between_texts, place_name, tick
from attnviz.pictures.paper import APART, LARGEST_STEP, LEADING, Length, Paper
from attnviz.pictures.pinned import are_pinned, mark
from attnviz.pictures.svg import Block, text
from attnviz.pictures.widths import LETTER, room_of

GAP = 170.0  # between queries and keys
NUMBER = 4.8  # what a number takes along its line, in the size of the letters
MARK = 16.0  # units for which of several pins it belongs to
ROW = 15.0  # units from one token to the next, below each other


@dataclass(frozen=True, slots=True)
class HeadLines:
    """Lines of one ink: query, key and weight of each, the weights of one sign."""

    ink: str
    dash: str
    query: Integer[np.ndarray, " line"]
    key: Integer[np.ndarray, " line"]
    weight: Float[np.ndarray, " line"]


@dataclass(frozen=True)
class Layout:
    """The two edges of a line diagram, what they are called, and the paper."""

    rows: Sequence[Place]
    columns: Sequence[Place]
    vertical: bool
    edges: tuple[str, str]
    paper: Paper
    lanes: int = 0  # numbers that may stand at one end of lines: one a head and pin
    marked: bool = False  # of several pins, each has a mark

    @property
    def sides(self) -> dict[str, Sequence[Place]]:
        """Queries and keys."""
        return {"q": self.rows, "k": self.columns}

    @property
    def count(self) -> int:
        """How many tokens stand along the longer edge."""
        return max(len(self.rows), len(self.columns))

    @property
    def step(self) -> Length:
        """From one token to the next."""
        paper = self.paper
        if self.vertical:
            return LEADING * paper.letters if paper.is_exact else ROW
        room = paper.width - 16
        return paper.step(self.count, room, room if paper.is_exact else LARGEST_STEP)

    @cached_property
    def edge(self) -> Length:
        """What the names of one edge take."""
        sides = ([place.label for place in places] for places in self.sides.values())
        room = self.paper.label_room(*sides, beside=self.vertical)
        if self.is_level:
            room = 1.6 * self.paper.letters
        return room + (MARK if self.marked else 0)

    @cached_property
    def is_level(self) -> bool:
        """Whether names side by side need not be turned."""
        if not self.paper.is_exact or self.vertical or self.marked:
            return False
        longest = max(
            room_of(self.paper.name(place.label)) for side in self.sides.values() for place in side
        )
        return (longest + 0.6) * self.paper.letters <= self.step

    @property
    def every(self) -> int:
        """Each how-manieth token is named."""
        return 1 if self.vertical or self.is_level else self.paper.every(self.step)

    @property
    def named(self) -> Length:
        """What the name of an edge takes."""
        return 1.4 * self.paper.letters

    @property
    def room(self) -> Length:
        """What the numbers take along their lines."""
        return NUMBER * self.paper.letters * self.lanes + 30

    @property
    def gap(self) -> Length:
        """From one edge to the other."""
        paper = self.paper
        if not paper.is_exact:
            return max(2 * GAP if self.vertical else GAP, self.room)
        if self.vertical:
            return min(2 * GAP, paper.width - 2 * self.edge)
        return max(min(GAP, 0.4 * paper.width), self.room if self.lanes else 0)

    @property
    def holds_numbers(self) -> bool:
        """Whether the numbers of what is pinned can stand on their lines."""
        paper = self.paper
        if not paper.is_exact:
            return True
        if paper.ground is None or self.step < APART * paper.letters:
            return False
        return self.room <= (self.gap if self.vertical else 2 * GAP)

    def end(self, side: str, place: int) -> tuple[Length, Length]:
        """Where the lines of a token begin or end."""
        along = (place + 0.5) * self.step
        far = 0 if side == "q" else self.gap
        if self.vertical:
            left = (self.paper.width - self.gap) / 2 if self.paper.is_exact else self.edge
            return left + far, self.named + 8 + along
        return 8 + along, self.named + self.edge + far

    @property
    def size(self) -> tuple[Length, Length]:
        """How wide and how high all of it is."""
        if self.vertical:
            width = self.paper.width if self.paper.is_exact else 2 * self.edge + self.gap
            return width, self.named + 12 + self.count * self.step
        width = max(self.paper.width, 16 + self.count * self.step)
        return width, 2 * (self.edge + self.named) + self.gap


def line_diagram(layout: Layout, drawn: Sequence[HeadLines], pins: Sequence[str] = ()) -> Block:
    """A line diagram. With `pins` only their lines, each with its number and its pin's mark."""
    parts = [_edge_names(layout), *_between_texts(layout)]
    drawn = [of_pins(lines, pins) for lines in drawn] if pins else drawn
    for lines in drawn:
        parts += _paths(lines, layout)
    numbers = numbers_of(drawn, pins)
    numbers_at: dict[str, int] = defaultdict(int)  # numbers at one end of lines
    for ink, pin, far, weight in numbers:
        if layout.holds_numbers:
            number = f"{mark(pins, pin)}{printed(weight, 3)}"
            parts += _number(layout, far, numbers_at[far], number, ink)
        numbers_at[far] += 1
    parts += _labels(layout, pins, {*pins, *numbers_at})
    return Block("".join(parts), *layout.size)


def of_pins(lines: HeadLines, pins: Sequence[str]) -> HeadLines:
    """The lines of what is pinned alone."""
    of_pins = are_pinned(lines.query, lines.key, pins)
    ends = (lines.query[of_pins], lines.key[of_pins])
    return HeadLines(lines.ink, lines.dash, *ends, lines.weight[of_pins])


def numbers_of(
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


def listed(
    layout: Layout,
    pin: str,
    query: Integer[np.ndarray, " line"],
    key: Integer[np.ndarray, " line"],
    weight: Float[np.ndarray, " line"],
) -> str:
    """The numbers of one pin of one head, the largest first, each after its token."""
    pinned, far = (query, key) if pin[0] == "q" else (key, query)
    of_pin = pinned == int(pin[1:])
    order = np.argsort(-np.abs(weight[of_pin]), kind="stable")
    far_side = layout.sides["k" if pin[0] == "q" else "q"]
    return ", ".join(
        f"{far_side[place].name} {printed(float(value), 3)}"
        for place, value in zip(far[of_pin][order], weight[of_pin][order], strict=True)
    )


def _number(layout: Layout, far: str, lane: int, said: str, ink: str) -> list[str]:
    """A number on its line, on paper from the token on: a line's end would read as a minus."""
    (x, y), forward = layout.end(far[0], int(far[1:])), (far[0] == "q") == layout.vertical
    paper = layout.paper
    size = paper.letters if paper.is_exact else 9.0
    inward = NUMBER * paper.letters * lane
    start = inward + 4
    long = len(said) * LETTER * size + 2
    first = inward if inward else 0
    left = first if forward else -start - long
    turn = "" if layout.vertical else " rotate(-90)"
    ground = (
        f'<rect x="{left:g}" y="{-size / 2 - 0.5:g}" width="{start + long - first:g}" '
        f'height="{size + 1:g}" fill="{paper.ground}"/>'
    )
    words = text(
        start if forward else -start,
        0.36 * size,
        said,
        size,
        ink=ink,
        anchor="start" if forward else "end",
        font=' font-weight="600"',
    )
    return [f'<g class="number" transform="translate({x:g} {y:g}){turn}">{ground}{words}</g>']


def _paths(lines: HeadLines, layout: Layout) -> Iterable[str]:
    """The lines of one ink, those of one step of opacity as one path."""
    paths: dict[int, list[str]] = defaultdict(list)
    ends = {
        side: [layout.end(side, i) for i in range(len(places))]
        for side, places in layout.sides.items()
    }
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


def _between_texts(layout: Layout) -> Iterable[str]:
    """Of a pair of texts: a thin line where the second one begins, past the names of each side.

    Where both sides are the pair, it runs from one to the other.
    """
    ends = []
    for side, places in layout.sides.items():
        if (second := second_text(places)) is None:
            continue
        (x1, y1), (x2, y2) = layout.end(side, second - 1), layout.end(side, second)
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        ends.append(f"{x:g} {y:g}")
        away = -layout.edge if side == "q" else layout.edge
        yield between_texts(f"M{x:g} {y:g}{'h' if layout.vertical else 'v'}{away:g}", layout.paper)
    if len(ends) > 1:
        yield between_texts(f"M{ends[0]}L{ends[1]}", layout.paper)


def _edge_names(layout: Layout) -> str:
    queries, keys = layout.edges
    paper, (width, height) = layout.paper, layout.size
    size, ink = paper.letters, paper.faint
    if layout.vertical:
        last = text(width - 8, size, keys, size, ink=ink, anchor="end")
        return text(8, size, queries, size, ink=ink) + last
    return text(8, 0.8 * size, queries, size, ink=ink) + text(8, height, keys, size, ink=ink)


def _labels(layout: Layout, pins: Sequence[str], reached: set[str]) -> Iterable[str]:
    """The tokens at both edges: every k-th, and what is pinned, where not all have room."""
    paper, stride = layout.paper, layout.every
    for side, places in layout.sides.items():
        named = {i for i in range(len(places)) if i % stride == 0}
        for pin in pins if stride > 1 else ():
            if pin[0] == side:
                near = range(int(pin[1:]) - stride + 1, int(pin[1:]) + stride)
                named = named.difference(near) | {int(pin[1:])}
        for i, place in enumerate(places):
            name = f"{side}{i}"
            x, y = layout.end(side, i)
            if i not in named:
                yield tick(x, y + (-4 if side == "q" else 1), paper)
                continue
            ink = paper.ink if not pins or name in reached else paper.dim
            label = mark(pins, name) + paper.name(place.label, beside=layout.vertical)
            yield _label(label, x, y, side, layout, ink)


def _label(said: str, x: Length, y: Length, side: str, layout: Layout, ink: str) -> str:
    paper = layout.paper
    size = paper.size(10.0, layout.step)
    away, towards = (-6, "end") if side == "q" else (6, "start")
    if layout.vertical:
        return text(x + away, y + size / 3, said, size, ink=ink, anchor=towards)
    if layout.is_level:
        down = -6.0 if side == "q" else 0.9 * size + 5
        return text(x, y + down, said, size, ink=ink, anchor="middle")
    return place_name(x, y + away, said, size, paper, ink=ink, above=side == "q")
