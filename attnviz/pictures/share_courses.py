"""Share courses: how much each head looks at one true target of a task, step by step."""

from collections.abc import Sequence

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
    lines = [
        _line(steps, shares[:, layer, head], HeadId(layer, head), mode, is_highest=head == highest)
        for layer in range(layers)
        for highest in [int(shares[-1, layer].argmax())]
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
            yaxis=quiet_axis(mode, range=[0, 1.03]),
            showlegend=False,
            margin={"l": 4, "r": 4, "t": top, "b": 4},
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
    *,
    is_highest: bool,
) -> go.Scatter:
    colour = getattr(style.HEAD_CODES[head.layer % len(style.HEAD_CODES)], mode)
    names = [""] * (len(steps) - 1) + [plotly_text(str(head))]
    return go.Scatter(
        x=list(steps),
        y=shares.tolist(),
        name=str(head),
        mode="lines+text" if is_highest else "lines",
        text=names,
        textposition="top left",
        textfont={"color": colour},
        line={"color": colour, "width": 2.5 if is_highest else 1},
        hovertemplate=f"{head}, %{{x}}<br><b>%{{y:.{DIGITS}f}}</b><extra></extra>",
    )
