"""What stands beside a heatmap's cells: its inks, room for names, the divergence of each row."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from attnviz.core.maps import Place
from attnviz.pictures import style
from attnviz.pictures.differences import DIGITS
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.shown import Shown
from attnviz.pictures.style import Mode
from attnviz.pictures.widths import room_of
from attnviz.texts import Language, say

BETWEEN = 8  # px from the edge to a name, its tick, and the cells
BARS = 0.16  # of the width: the divergences beside the cells


def divergences(
    bits: Float[np.ndarray, " row"], rows: Sequence[Place], mode: Mode, language: Language
) -> go.Bar:
    """A bar beside each row, as long as the divergence of the two heads' rows."""
    said = [
        say("comparison.row", language, query=row.name, bits=f"{value:.{DIGITS}f}")
        for row, value in zip(rows, bits.tolist(), strict=True)
    ]
    return go.Bar(
        x=bits,
        y=[plotly_text(row.name) for row in rows],
        orientation="h",
        xaxis="x2",
        customdata=list(map(plotly_text, said)),
        hovertemplate="%{customdata}<extra></extra>",
        marker={"color": style.FAINT_INK[mode]},
        showlegend=False,
    )


def divergence_axis(mode: Mode, language: Language) -> dict[str, Any]:
    """Where the divergences of the rows stand, from 0 to 1 bit."""
    return {
        "bargap": 0.3,
        "xaxis2": {
            "domain": [1 - BARS + 0.02, 1],
            "anchor": "y",
            "range": [0, 1],
            "tickvals": [0, 1],
            "ticktext": ["0", say("comparison.one_bit", language)],
            "tickangle": 0,
            "tickfont": {"size": 9},
            "gridcolor": style.RULE[mode],
            "zeroline": False,
            "fixedrange": True,
        },
    }


def colour_bar(view: Shown, mode: Mode, language: Language) -> dict[str, Any]:
    """The inks of a heatmap that stands alone, beside its cells."""
    ticks = style.TICKS[view.map.scale]
    what = "picture.value" if view.map.is_signed else "picture.weight"
    return {
        "title": {"text": say(what, language), "side": "right"},
        "tickvals": list(ticks),
        "ticktext": [f"{tick:g}".replace("-", "−") for tick in ticks],
        "thickness": 8,
        "xpad": 4,
        "outlinewidth": 0,
        "tickfont": {"size": 10, "color": style.FAINT_INK[mode]},
    }


def inks(view: Shown, mode: Mode) -> list[tuple[str, str]]:
    """Some inks of a heatmap, and the number that each stands for."""
    signed, ticks = view.map.is_signed, style.FEW_TICKS[view.map.scale]
    colours = style.map_ramp(view.code, mode, signed=signed)[
        style.map_levels(np.array(ticks), signed=signed)
    ]
    numbers = [f"{tick:g}".replace("-", "−") for tick in ticks]
    return [(style.hex_of(colour), number) for colour, number in zip(colours, numbers, strict=True)]


def room_for(labels: Sequence[str], size: int) -> int:
    """Px that names of so many px take beside an axis, with what stands between them and it."""
    return ceil(size * max(map(room_of, labels), default=0)) + BETWEEN
