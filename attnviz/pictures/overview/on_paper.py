"""Print: an overview, a tile a head."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import UInt8

from attnviz.pictures import style
from attnviz.pictures.names import between_texts
from attnviz.pictures.paper import Length, Paper
from attnviz.pictures.svg import Block, hatched, legend, squares, text
from attnviz.pictures.widths import room_of


def tiles_on_paper(
    levels: UInt8[np.ndarray, "layer head row column"],
    denied: UInt8[np.ndarray, "#layer #head row column"] | None,
    paper: Paper,
    boundaries: tuple[Length | None, Length | None] = (None, None),
    framed: Mapping[tuple[int, int], style.HeadCode] | None = None,
    *,
    signed: bool = False,
    named: bool = True,
) -> Block:
    """An overview: a tile a head, a row a layer, which may be `named`.

    `boundaries` are the rows and columns before which the second text of a pair begins; `framed`
    are tiles, by layer and head, that are framed as their heads are drawn elsewhere.
    """
    layers, heads, rows, columns = levels.shape
    left, above = 3.2 * paper.letters, 1.4 * paper.letters
    step, gap = _grid(levels.shape, paper)
    corners = {
        (layer, head): (head * (columns + gap), layer * (rows + gap))
        for layer in range(layers)
        for head in range(heads)
    }
    denied_tiles = np.broadcast_to(False if denied is None else denied > 0, levels.shape)
    grid = {at: (levels[which], ~denied_tiles[which]) for which, at in corners.items()}
    ramp = style.map_ramp(
        style.HEAD_CODES[0] if signed else style.INK_PAINT, paper.mode, signed=signed
    )
    parts = [f'<g transform="translate({left:g} {above:g}) scale({step:.6g})" class="cells">']
    for x, y in grid:
        parts.append(
            f'<rect x="{x}" y="{y}" width="{columns}" height="{rows}" fill="none" '
            f'stroke="{paper.rule}" stroke-width="{0.6 / step:.3g}"/>'
        )
    parts += squares(grid, ramp, paper.blank(signed=signed))
    parts += hatched({at: denied_tiles[which] for which, at in corners.items()}, step, paper.faint)
    parts.append("</g>")
    if lines := _between(list(corners.values()), levels.shape[2:], boundaries):
        shift = f'<g transform="translate({left:g} {above:g}) scale({step:.6g})">'
        parts.append(f"{shift}{between_texts(lines, paper, 0.6 / step)}</g>")
    for at, code in (framed or {}).items():
        x, y = (edge + cells * step for edge, cells in zip((left, above), corners[at], strict=True))
        parts.append(
            f'<path class="framed" fill="none" stroke="{paper.colour(code)}" stroke-width="1.5" '
            f'stroke-dasharray="{code.dash}" '
            f'd="M{x:g} {y:g}h{columns * step:g}v{rows * step:g}h{-columns * step:g}z"/>'
        )
    if named:
        parts += _names(levels.shape, paper)
    high = above + layers * (rows + gap) * step
    inks = legend(ramp, high + 4, paper, signed=signed)
    return Block("".join([*parts, inks.elements]), paper.width, high + 6 + inks.height)


def _between(
    corners: list[tuple[int, int]],
    cells: tuple[int, ...],
    boundaries: tuple[Length | None, Length | None],
) -> str:
    """In every tile a line before the second text of a pair, across and down; as a path."""
    (rows, columns), (row, column) = cells, boundaries
    across = "" if row is None else "".join(f"M{x} {y + row:g}h{columns}" for x, y in corners)
    down = "" if column is None else "".join(f"M{x + column:g} {y}v{rows}" for x, y in corners)
    return across + down


def _grid(shape: tuple[int, ...], paper: Paper) -> tuple[Length, int]:
    """How wide a cell is, and how many cells there are between two tiles."""
    _, heads, rows, columns = shape
    gap = max(1, round(max(rows, columns) / 12))
    widest = max(rows, columns)  # a tile is not higher than the room for its width
    return (paper.width - 3.2 * paper.letters - 8) / (heads * (widest + gap)), gap


def every_on_paper(shape: tuple[int, ...], paper: Paper) -> tuple[int, int]:
    """Each how-manieth head and layer is named."""
    _, heads, rows, columns = shape
    step, gap = _grid(shape, paper)
    widest = paper.letters * (room_of(f"H{heads - 1}") + 0.1)
    return paper.every((columns + gap) * step, widest), paper.every((rows + gap) * step)


def _names(shape: tuple[int, ...], paper: Paper) -> list[str]:
    """The numbers of heads above, of layers to the left; every k-th where they would touch."""
    (layers, heads, rows, columns), size = shape, paper.letters
    step, between = _grid(shape, paper)
    high, wide, gap = rows * step, columns * step, between * step
    left, above = 3.2 * size, 1.4 * size
    of_heads, of_layers = every_on_paper(shape, paper)
    above_tiles = [
        text(
            left + head * (wide + gap) + wide / 2,
            0.9 * size,
            f"H{head}",
            size,
            ink=paper.ink,
            anchor="middle",
        )
        for head in range(0, heads, of_heads)
    ]
    beside = [
        text(
            left - 6,
            above + layer * (high + gap) + high / 2 + 3,
            f"L{layer}",
            size,
            ink=paper.ink,
            anchor="end",
        )
        for layer in range(0, layers, of_layers)
    ]
    return above_tiles + beside
