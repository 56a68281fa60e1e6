"""Heatmaps beside each other: their inks in one line, and the divergence of each row."""

from collections.abc import Sequence
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
from attnviz.texts import Language, say

INKS = 30  # px of the inks above the cells
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


def small_colour_bar(view: Shown) -> dict[str, Any]:
    """The inks of a heatmap in one line above its cells."""
    ticks = style.FEW_TICKS[view.map.scale]
    return {
        "orientation": "h",
        "tickvals": list(ticks),
        "tickangle": 0,
        "ticktext": [f"{tick:g}".replace("-", "−") for tick in ticks],
        "tickfont": {"size": 9},
        "thickness": 6,
        "x": 0,
        "xanchor": "left",
        "len": 1 - BARS if view.map.divergence is not None else 1,
        "xpad": 0,
        "y": 1,
        "yanchor": "bottom",
        "ypad": 3,
        "ticklabelposition": "outside top",
        "outlinewidth": 0,
    }
