"""Print: a map, and beside each row a bar as long as its divergence."""

from attnviz.core.maps import AttentionMap
from attnviz.pictures import style
from attnviz.pictures.heatmap.on_paper import ROOM, cells_on_paper
from attnviz.pictures.style import HeadCode
from attnviz.pictures.svg import LABEL, Block, step_of

BAR = 60.0  # of a divergence of 1 bit
GAP = 8.0  # between the cells and the bars


def compared_on_paper(attention: AttentionMap, code: HeadCode) -> Block:
    """The cells with their names, and the bars where there is a divergence."""
    if attention.divergence is None:
        return cells_on_paper(attention, code)
    room = ROOM - BAR - GAP
    cells = cells_on_paper(attention, code, room)
    step = step_of(max(attention.values.shape), room)
    left = LABEL + step * len(attention.columns) + GAP
    ink = style.FAINT_INK["light"]
    bars = "".join(
        f'<rect x="{left:g}" y="{(row + 0.15) * step:.2f}" width="{BAR * bits:.2f}" '
        f'height="{0.7 * step:.2f}" fill="{ink}"/>'
        for row, bits in enumerate(attention.divergence.tolist())
    )
    edge = len(attention.rows) * step
    frame = (
        f'<path d="M{left:g} 0V{edge:g}M{left + BAR:g} 0V{edge:g}" stroke="{ink}" '
        f'stroke-width="0.5" fill="none"/>'
    )
    elements = f'{cells.elements}<g class="divergence">{frame}{bars}</g>'
    return Block(elements, left + BAR + GAP, cells.height)
