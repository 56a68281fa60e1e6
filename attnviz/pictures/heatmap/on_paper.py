"""Print: a heatmap as squares, with the names of its places at both edges."""

from collections.abc import Iterable, Sequence

from attnviz.core.maps import AttentionMap, second_text
from attnviz.pictures import style
from attnviz.pictures.names import between_texts, place_name, tick
from attnviz.pictures.paper import Length, Paper
from attnviz.pictures.style import HeadCode
from attnviz.pictures.svg import Block, hatched, legend, squares, text

AXIS = 4.2  # what “query ↓” takes, in the size of the letters
MARGIN = 16  # right of the cells, and left of the names


def cells_on_paper(
    attention: AttentionMap,
    code: HeadCode,
    paper: Paper,
    axes: tuple[str, str],
    beside: Length = 0,
    pins: Sequence[str] = (),
) -> Block:
    """A heatmap: a square a cell, as dark as its level, with the places at both edges.

    `axes` is what a row and a column are called; `beside` is room to the right of the cells. The
    row or the column of each of the `pins` is framed.
    """
    signed, top = attention.is_signed, top_on_paper(paper)
    label, step = grid_on_paper(attention, paper, beside)
    wide, high = (step * len(places) for places in (attention.columns, attention.rows))
    ramp = style.map_ramp(code, paper.mode, signed=signed)
    levels = style.map_levels(attention.values, signed=signed)
    parts = [f'<g transform="translate({label:g} {top:g}) scale({step:g})" class="cells">']
    parts += squares({(0, 0): (levels, attention.shown)}, ramp, paper.blank(signed=signed))
    parts += [*hatched({(0, 0): attention.denied}, step, paper.faint), "</g>"]
    parts += _between_texts(attention, label, step, paper)
    parts += _pinned(attention, label, step, paper, pins)
    parts += _place_names(attention, label, step, paper)
    if paper.is_exact:
        frame = f'x="{label:g}" y="{top:g}" width="{wide:g}" height="{high:g}"'
        parts.append(f'<rect {frame} fill="none" stroke="{paper.rule}" stroke-width="0.5"/>')
        row, column = axes
        size, ink, line = paper.letters, paper.faint, 0.8 * paper.letters
        parts.append(text(label - 4, line, f"{row} ↓", size, ink=ink, anchor="end"))
        parts.append(text(label, line, f"{column} →", size, ink=ink))
    bottom = top + high + _column_room(attention, paper) + 8
    inks = legend(ramp, bottom, paper, signed=signed)
    return Block("".join([*parts, inks.elements]), label + wide + 8, bottom + inks.height)


def top_on_paper(paper: Paper) -> Length:
    """Where the cells begin, from above: below the names of the axes, if those are printed."""
    return 1.3 * paper.letters if paper.is_exact else 0


def grid_on_paper(
    attention: AttentionMap, paper: Paper, beside: Length = 0
) -> tuple[Length, Length]:
    """Where the cells begin, from the left, and how wide one is."""
    names = paper.label_room([place.label for place in attention.rows], beside=True)
    label = max(names, AXIS * paper.letters + 4)
    return label, paper.step(max(attention.values.shape), paper.width - label - MARGIN - beside)


def every_on_paper(attention: AttentionMap, paper: Paper, beside: Length = 0) -> int:
    """Each how-manieth place is named."""
    return paper.every(grid_on_paper(attention, paper, beside)[1])


def _column_room(attention: AttentionMap, paper: Paper) -> Length:
    return paper.label_room([place.label for place in attention.columns])


def _between_texts(
    attention: AttentionMap, label: Length, step: Length, paper: Paper
) -> Iterable[str]:
    """Of a pair of texts: thin lines where the second one begins, past the names."""
    top = top_on_paper(paper)
    right = label + step * len(attention.columns)
    bottom = top + step * len(attention.rows) + _column_room(attention, paper)
    if (row := second_text(attention.rows)) is not None:
        yield between_texts(f"M0 {top + row * step:g}H{right:g}", paper)
    if (column := second_text(attention.columns)) is not None:
        yield between_texts(f"M{label + column * step:g} {top:g}V{bottom:g}", paper)


def _pinned(
    attention: AttentionMap, label: Length, step: Length, paper: Paper, pins: Sequence[str]
) -> Iterable[str]:
    """A frame around the row of each query that is pinned, and the column of each key."""
    rows, columns = attention.values.shape
    for pin in pins:
        at = int(pin[1:]) * step
        x, y, wide, high = (0, at, columns, 1) if pin[0] == "q" else (at, 0, 1, rows)
        frame = f'x="{label + x:g}" y="{top_on_paper(paper) + y:g}"'
        size = f'width="{wide * step:g}" height="{high * step:g}"'
        yield f'<rect class="pinned" {frame} {size} fill="none" stroke="{paper.ink}"/>'


def _place_names(
    attention: AttentionMap, label: Length, step: Length, paper: Paper
) -> Iterable[str]:
    """Each place beside its row, and below its column; a tick where there is no room."""
    top = top_on_paper(paper)
    size, high = paper.size(9.0, step), top + step * len(attention.rows)
    every = paper.every(step)
    for n, place in enumerate(attention.rows):
        at = top + (n + 0.5) * step
        if n % every:
            yield tick(label - 1, at, paper, turned=True)
            continue
        name = paper.name(place.label, beside=True)
        yield text(label - 4, at + size / 3, name, size, ink=paper.ink, anchor="end")
    for n, place in enumerate(attention.columns):
        at = label + (n + 0.5) * step
        if n % every:
            yield tick(at, high + 1, paper)
            continue
        name = paper.name(place.label)
        yield place_name(at, high + 5, name, size, paper, ink=paper.ink, above=False)
