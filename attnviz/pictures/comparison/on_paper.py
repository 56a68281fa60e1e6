"""Print: a map, and beside each row a bar as long as its divergence."""

from collections.abc import Sequence
from math import isnan

from attnviz.core.maps import AttentionMap
from attnviz.pictures.heatmap.on_paper import cells_on_paper, grid_on_paper, top_on_paper
from attnviz.pictures.paper import Length, Paper
from attnviz.pictures.style import HeadCode
from attnviz.pictures.svg import Block, text

BAR = 60.0  # of a divergence of 1 bit
GAP = 8.0  # between the cells and the bars


def beside(attention: AttentionMap) -> Length:
    """What the bars take beside the cells; nothing where there is no divergence."""
    return 0 if attention.divergence is None else BAR + GAP


def compared_on_paper(
    attention: AttentionMap,
    code: HeadCode,
    paper: Paper,
    axes: tuple[str, str],
    pins: Sequence[str] = (),
) -> Block:
    """The cells with their names, and the bars where there is a divergence."""
    cells = cells_on_paper(attention, code, paper, axes, beside(attention), pins)
    if attention.divergence is None:
        return cells
    label, step = grid_on_paper(attention, paper, BAR + GAP)
    top, left = top_on_paper(paper), label + step * len(attention.columns) + GAP
    bars = "".join(
        f'<rect x="{left:g}" y="{top + (row + 0.15) * step:.2f}" width="{BAR * bits:.2f}" '
        f'height="{0.7 * step:.2f}" fill="{paper.faint}"/>'
        for row, bits in enumerate(attention.divergence.tolist())
        if not isnan(bits)
    )
    edge = top + len(attention.rows) * step
    frame = (
        f'<path d="M{left:g} {top:g}V{edge:g}M{left + BAR:g} {top:g}V{edge:g}" '
        f'stroke="{paper.faint}" stroke-width="0.5" fill="none"/>'
    )
    ends = "".join(
        text(left + at, edge + 1.1 * paper.letters, end, paper.letters, ink=paper.faint, anchor=to)
        for at, end, to in ((0, "0", "start"), (BAR, "1 bit", "end"))
    )
    elements = f'{cells.elements}<g class="divergence">{frame}{bars}</g>{ends}'
    return Block(elements, left + BAR + GAP, cells.height)
