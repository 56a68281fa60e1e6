"""What the Plotly charts share: an empty template, fonts, quiet axes."""

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from attnviz.figures import style
from attnviz.figures.style import Mode


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
        **more,
    )


def heading(
    title: str, subtitle: str, colour: str, mode: Mode, *, above: int = 0
) -> dict[str, Any]:
    """A title at the top left, and a line or two below it. Both already escaped.

    `above` are the px that stay free for the toolbar.
    """
    return {
        "text": title,
        "subtitle": {
            "text": subtitle,
            "font": {"size": 10.5, "color": style.FAINT_INK[mode]},
        },
        "font": {"size": 14, "color": colour},
        "x": 0.02,
        "y": 1,
        "yanchor": "top",
        "pad": {"t": 6 + above},
    }


def quiet_axis(mode: Mode, **more: Any) -> dict[str, Any]:
    """An axis with a thin grid and no frame."""
    return {"gridcolor": style.RULE[mode], "zeroline": False, "automargin": True, **more}
