"""What the Plotly charts share: an empty template, fonts, quiet axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.style import Mode
from attnviz.pictures.svg import listed


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A Plotly figure, and its text alternative."""

    figure: go.Figure
    alt: str


def layout(mode: Mode, **more: Any) -> go.Layout:
    """A layout in the look of the house, and `more`.

    The template is empty: building Plotly's own costs more than the figure.
    """
    return go.Layout(
        template=go.layout.Template(),
        font={"family": style.SANS, "color": style.INK[mode], "size": 11},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={
            "bgcolor": style.PAPER[mode],
            "bordercolor": style.FAINT_INK[mode],
            "font": {"color": style.INK[mode]},
        },
        **more,
    )


NARROW = 330  # px of a line above a chart, on a phone too
SIZES = 14, 10.5  # px of the title's letters, and of the lines below it
TOOLBAR = 26  # px that the chart's own buttons take, above the title


def heading(
    title: str, notes: Sequence[str], colour: str, mode: Mode
) -> tuple[dict[str, Any], int]:
    """A title at the top left with notes below it, and the px that they take in all.

    Everything is text, in lines that fit the narrowest page: Plotly cuts longer ones in silence.
    """
    large, small = SIZES
    above = listed(title, NARROW * small / large)
    below = [line for note in notes for line in listed(note, NARROW)]
    said = {
        "text": "<br>".join(map(plotly_text, above)),
        "subtitle": {
            "text": "<br>".join(map(plotly_text, below)),
            "font": {"size": small, "color": style.FAINT_INK[mode]},
        },
        "font": {"size": large, "color": colour},
        "x": 0.02,
        "y": 1,
        "yanchor": "top",
        "pad": {"t": 6 + TOOLBAR},
    }
    return said, TOOLBAR + (large + 6) * len(above) + 15 * len(below) + 12


def cell_numbers(
    values: Float[np.ndarray, "row column"],
    columns: Sequence[str],
    rows: Sequence[str],
    paint: style.Paint | style.HeadCode,
    mode: Mode,
    size: int,
    *,
    signed: bool = False,
) -> go.Scatter:
    """The number in each cell of a heatmap, but for gaps, in an ink that can be read on it."""
    down, right = np.nonzero(~np.isnan(values))
    shown = values[down, right]
    ramp = style.map_ramp(paint, mode, signed=signed)
    grounds = ramp[style.map_levels(shown, signed=signed)]
    inks = [style.hex_of(ground) for ground in grounds]
    return go.Scatter(
        x=[columns[column] for column in right.tolist()],
        y=[rows[row] for row in down.tolist()],
        text=[printed(float(value), 2) for value in shown],
        mode="text",
        textfont={"size": size, "color": [style.text_on(ink) for ink in inks]},
        hoverinfo="skip",
        showlegend=False,
    )


def quiet_axis(mode: Mode, **more: Any) -> dict[str, Any]:
    """An axis with a thin grid and no frame."""
    return {"gridcolor": style.RULE[mode], "zeroline": False, "automargin": True, **more}
