"""Print: an overview, a tile a head."""

import numpy as np
from jaxtyping import UInt8

from attnviz.pictures import style
from attnviz.pictures.svg import WIDTH, Block, hatched, legend, squares, text


def tiles_on_paper(
    levels: UInt8[np.ndarray, "layer head row column"],
    denied: UInt8[np.ndarray, "#layer #head row column"] | None = None,
    *,
    signed: bool = False,
    named: bool = True,
) -> Block:
    """An overview: a tile a head, a row a layer, which may be `named`."""
    layers, heads, rows, columns = levels.shape
    apart = max(1, round(max(rows, columns) / 12))
    step = (WIDTH - 40) / (heads * (columns + apart))
    if rows > columns:  # as wide as it would be high
        step = min(step, (WIDTH - 40) / (heads * (rows + apart)))
    corners = {
        (layer, head): (head * (columns + apart), layer * (rows + apart))
        for layer in range(layers)
        for head in range(heads)
    }
    everywhere = np.ones((rows, columns), bool)
    grid = {at: (levels[which], everywhere) for which, at in corners.items()}
    ramp = style.map_ramp(
        style.HEAD_CODES[0] if signed else style.INK_PAINT, "light", signed=signed
    )
    parts = [f'<g transform="translate(32 14) scale({step:.6g})" class="cells">']
    for x, y in grid:
        parts.append(
            f'<rect x="{x}" y="{y}" width="{columns}" height="{rows}" fill="none" '
            f'stroke="{style.RULE["light"]}" stroke-width="{0.6 / step:.3g}"/>'
        )
    parts += squares(grid, ramp, style.HALF if signed else 0)
    if denied is not None:
        each = np.broadcast_to(denied, levels.shape) > 0
        parts += hatched({at: each[which] for which, at in corners.items()}, step)
    parts.append("</g>")
    for head in range(heads if named else 0):
        x = 32 + (head * (columns + apart) + columns / 2) * step
        parts.append(text(x, 9, f"H{head}", anchor="middle"))
    for layer in range(layers if named else 0):
        y = 14 + (layer * (rows + apart) + rows / 2) * step
        parts.append(text(26, y + 3, f"L{layer}", anchor="end"))
    high = 14 + layers * (rows + apart) * step
    parts.append(legend(ramp, high + 4, signed=signed))
    return Block("".join(parts), WIDTH, high + 22)
