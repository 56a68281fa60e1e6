"""Where everything of the figure stands: from left to right, and downward on a phone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from attnviz.pictures.elements import Area, Number, Point


@dataclass(frozen=True, slots=True)
class Places:
    """One form of the figure."""

    width: int
    height: int
    text: Number  # size of texts
    symbol: Number  # size of names
    captions: Sequence[tuple[Point, Number]]  # where each begins, and how wide it is
    words: Sequence[Point]  # the right end of each
    words_more: Point
    entering: Area  # X
    leaving: Area  # R
    output: Area  # Z, of all heads
    step: Point  # from a matrix of a triple to the one behind it, to the left and up
    learned: Mapping[int, Area]  # the front of W_Q, W_K, W_V, by head
    made: Mapping[int, Area]  # the front of Q, K, V, by head
    blended: Mapping[int, Area]  # Z of a head
    joined: Mapping[int, Area]  # the rows of W_O that read a head
    gaps: Sequence[tuple[int, Point, Point]]  # heads left out, at the W and at the Q, K, V
    arrows: Sequence[tuple[int, int | None, Point, Point]]  # from which step, of which head
    loop: Sequence[Point]  # from Z to R
    loop_says: tuple[Point, Number]
    onward: tuple[Point, Point]  # from R to the next layer
    onward_says: Point
    onward_anchor: str
    sizes: Sequence[tuple[int, str, Point]]  # from which step, of what, where


def wide(tokens: int, heads: Sequence[int], rows: Sequence[int]) -> Places:
    """For screens: Z of `heads`, and of `rows` of them all matrices."""
    cell = 14
    entering = _box(156, 254, 112, 26 * tokens)
    leaving = _box(156, 514, 112, 26 * tokens)
    output = _box(1082, 384, 112, 26 * tokens)
    centres = dict(zip(rows, _spread(len(rows), 386, 176), strict=True))
    learned = {h: _box(374, y + 12, 4 * cell, 96) for h, y in centres.items()}
    z_boxes = {h: _box(612, y + 7, 4 * cell, cell * tokens) for h, y in centres.items()}
    band = 42.0
    tops = _spread(len(heads), 384, band)
    blended = {h: _box(806, y, 4 * cell, 9 * tokens) for h, y in zip(heads, tops, strict=True)}
    joined = {h: _box(928, y, 112, band) for h, y in zip(heads, tops, strict=True)}
    bottom = max(tops) + band / 2
    arrows = [
        *((2, h, (272, 254), (learned[h].x - 34, y)) for h, y in centres.items()),
        *((3, h, (learned[h].right + 46, y), (z_boxes[h].x - 34, y)) for h, y in centres.items()),
        *(
            (4, h, (z_boxes[h].right + 44, y), (770, blended[h].centre[1]))
            for h, y in centres.items()
        ),
        *((5, h, (866, blended[h].centre[1]), (924, blended[h].centre[1])) for h in heads),
        (5, None, (1042, 384), (1078, 384)),
    ]
    return Places(
        width=1200,
        height=704,
        text=22.6,
        symbol=28,
        captions=[
            ((4, 14), 146),
            ((156, 14), 160),
            ((322, 14), 240),
            ((572, 14), 222),
            ((800, 14), 400),
        ],
        words=[(146, entering.y + 26 * (n + 0.5)) for n in range(tokens)],
        words_more=(146, entering.bottom + 18),
        entering=entering,
        leaving=leaving,
        output=output,
        step=(cell, 12),
        learned=learned,
        made=z_boxes,
        blended=blended,
        joined=joined,
        gaps=[
            (between, (learned[a].x - 44, y - 17), (z_boxes[a].x - 58, y - 19))
            for a, between, y in _gaps(rows, centres)
        ],
        arrows=arrows,
        loop=[(1138, output.bottom + 30), (1138, 668), (212, 668), (212, leaving.bottom + 32)],
        loop_says=((675, 688), 920),
        onward=((212, leaving.y - 46), (212, entering.bottom + 34)),
        onward_says=(202, (leaving.y + entering.bottom) / 2),
        onward_anchor="end",
        sizes=[
            (1, "x", (212, entering.bottom + 18)),
            (2, "w", (388, 640)),
            (3, "q", (626, 640)),
            (4, "q", (834, bottom + 16)),
            (5, "o", (984, bottom + 16)),
            (5, "x", (1138, output.bottom + 18)),
            (6, "x", (212, leaving.bottom + 18)),
        ],
    )


def narrow(tokens: int, heads: Sequence[int], rows: Sequence[int]) -> Places:
    """For phones."""
    cell = 12
    entering = _box(150, 96, 112, 13 * tokens)
    centres = dict(zip(rows, _spread(len(rows), 195, 122), strict=True))
    learned = {h: _box(x - 24, 268, 4 * cell, 80) for h, x in centres.items()}
    z_boxes = {h: _box(x - 24, 442, 4 * cell, cell * tokens) for h, x in centres.items()}
    band = 34.0
    first = 566 + band / 2
    tops = [first + n * band for n in range(len(heads))]
    blended = {h: _box(70, y, 4 * cell, 7 * tokens) for h, y in zip(heads, tops, strict=True)}
    joined = {h: _box(236, y, 112, band) for h, y in zip(heads, tops, strict=True)}
    bottom = max(tops) + band / 2
    output = _box(236, bottom + 80, 112, 13 * tokens)
    leaving = output._replace(x=40)
    arrows = [
        (2, None, (206, entering.bottom + 6), (206, entering.bottom + 26)),
        *((3, h, (x, 338), (x, 358)) for h, x in centres.items()),
        (4, None, (94, 540), (94, 560)),
        *((5, h, (122, y), (232, y)) for h, y in zip(heads, tops, strict=True)),
        (5, None, (292, bottom + 6), (292, output.y - 30)),
    ]
    return Places(
        width=390,
        height=round(output.bottom + 96),
        text=12,
        symbol=15,
        captions=[
            ((10, 14), 370),
            ((10, 32), 370),
            ((10, 164), 370),
            ((10, 374), 370),
            ((10, 506), 370),
        ],
        words=[(140, entering.y + 13 * (n + 0.5)) for n in range(tokens)],
        words_more=(140, entering.bottom + 12),
        entering=entering,
        leaving=leaving,
        output=output,
        step=(cell, 10),
        learned=learned,
        made=z_boxes,
        blended=blended,
        joined=joined,
        gaps=[(between, (x - 40, 324), (x - 40, 486)) for _, between, x in _gaps(rows, centres)],
        arrows=arrows,
        loop=[(232, output.centre[1]), (156, output.centre[1])],
        loop_says=((195, output.bottom + 34), 370),
        onward=((96, leaving.bottom + 52), (96, leaving.bottom + 76)),
        onward_says=(106, leaving.bottom + 64),
        onward_anchor="start",
        sizes=[
            (1, "x", (300, entering.centre[1])),
            (2, "w", (60, 324)),
            (3, "q", (60, 486)),
            (4, "q", (94, bottom + 12)),
            (5, "o", (340, bottom + 12)),
            (5, "x", (292, output.bottom + 14)),
            (6, "x", (96, leaving.bottom + 14)),
        ],
    )


def _box(x: Number, middle: Number, width: Number, height: Number) -> Area:
    """A rectangle around the height of its middle."""
    return Area(x, middle - height / 2, width, height)


def _spread(count: int, middle: Number, apart: Number) -> list[float]:
    return [middle + apart * (n - (count - 1) / 2) for n in range(count)]


def _gaps(rows: Sequence[int], centres: Mapping[int, float]) -> list[tuple[int, int, float]]:
    """Where heads are left out between two rows: after which, how many, and the middle."""
    return [
        (row, next_row - row - 1, (centres[row] + centres[next_row]) / 2)
        for row, next_row in pairwise(rows)
        if next_row - row > 1
    ]
