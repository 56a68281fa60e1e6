"""Share courses: how much each head looks at one true target of a task, step by step."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from attnviz.core.heads import HeadId
from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.chart import Chart, heading, layout, quiet_axis
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say

DIGITS = 4  # under the pointer, and of the text alternative
TOP = 1.03  # of the axis, so that a line at 1 is seen whole
NAMES = 56  # px beside the lines
NAME = 0.075  # of the axis that a name takes, so that two never touch


def share_courses(
    steps: Sequence[int],
    shares: Float[np.ndarray, "step layer head"],
    target: str,
    texts: int,
    *,
    step: int | None = None,
    mode: Mode = "light",
    language: Language = "en",
) -> Chart:
    """One line a head over the steps of a training, one colour a layer; `step` as a mark.

    The head of each layer that ends highest is drawn thick and named.
    """
    _, layers, heads = shares.shape
    highest = [HeadId(layer, int(shares[-1, layer].argmax())) for layer in range(layers)]
    lines = [
        _line(steps, shares[:, layer, head], HeadId(layer, head), mode, highest)
        for layer in range(layers)
        for head in range(heads)
    ]
    notes = [say("train.course_note", language, target=target, texts=texts)]
    title, top = heading(say("train.looks_title", language), notes, style.INK[mode], mode)
    figure = go.Figure(
        data=lines,
        layout=layout(
            mode,
            title=title,
            xaxis=quiet_axis(mode, title={"text": say("train.step", language)}),
            yaxis=quiet_axis(mode, range=[0, TOP]),
            showlegend=False,
            annotations=_names(highest, shares[-1], mode),
            margin={"l": 4, "r": NAMES, "t": top, "b": 4},
        ),
    )
    if step is not None:
        figure.add_vline(x=step, line={"color": style.INK[mode], "width": 1})
    ends = "; ".join(
        f"{HeadId(layer, head)}: {printed(float(shares[0, layer, head]), DIGITS)} → "
        f"{printed(float(shares[-1, layer, head]), DIGITS)}"
        for layer in range(layers)
        for head in range(heads)
    )
    return Chart(figure, say("train.course_alt", language, target=target, heads=ends))


def _line(
    steps: Sequence[int],
    shares: Float[np.ndarray, " step"],
    head: HeadId,
    mode: Mode,
    highest: Sequence[HeadId],
) -> go.Scatter:
    colour = getattr(style.code(head.layer), mode)
    return go.Scatter(
        x=list(steps),
        y=shares.tolist(),
        name=str(head),
        mode="lines",
        line={"color": colour, "width": 2.5 if head in highest else 1},
        hovertemplate=f"{head}, %{{x}}<br><b>%{{y:.{DIGITS}f}}</b><extra></extra>",
    )


def _names(
    heads: Sequence[HeadId], last: Float[np.ndarray, "layer head"], mode: Mode
) -> list[dict[str, Any]]:
    """The names of heads beside the ends of their lines, at the right of the picture."""
    ends = apart([float(last[head.layer, head.head]) for head in heads])
    return [
        {
            "text": plotly_text(str(head)),
            "font": {"color": getattr(style.code(head.layer), mode)},
            "x": 1,
            "xref": "paper",
            "xanchor": "left",
            "xshift": 4,
            "y": y,
            "showarrow": False,
        }
        for head, y in zip(heads, ends, strict=True)
    ]


def apart(ends: Sequence[float]) -> list[float]:
    """Where names of lines stand: at their ends, or as near as leaves each its room."""
    order = sorted(range(len(ends)), key=lambda i: ends[i])
    heights, least = [0.0] * len(ends), NAME / 2
    for i in order:
        heights[i] = least = max(ends[i], least)
        least += NAME
    most = TOP - NAME / 2
    for i in reversed(order):
        heights[i] = most = min(heights[i], most)
        most -= NAME
    return heights
