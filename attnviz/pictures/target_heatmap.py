"""Target heatmap: the share of each head's attention on each true target."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from attnviz.core.heads import HeadId
from attnviz.pictures import style
from attnviz.pictures.chart import Chart, cell_numbers, heading, layout
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say


def target_heatmap(
    shares: Float[np.ndarray, "layer head target"],
    names: Sequence[str],
    model: str,
    texts: int,
    *,
    mode: Mode = "light",
    language: Language = "en",
) -> Chart:
    """Heads are rows, true targets are columns; each cell is a mean share of attention."""
    layers, heads, _ = shares.shape
    rows = [str(HeadId(layer, head)) for layer in range(layers) for head in range(heads)]
    flat = shares.reshape(len(rows), -1)
    notes = [model, say("train.looks_note", language, texts=texts)]
    title, top = heading(say("train.looks_title", language), notes, style.INK[mode], mode)
    columns = [plotly_text(name) for name in names]
    hover = "%{y} → %{x}<br><b>%{z:.4f}</b><extra></extra>"
    figure = go.Figure(
        data=[
            go.Heatmap(
                z=flat,
                x=columns,
                y=rows,
                zmin=0,
                zmax=1,
                colorscale=style.colour_scale(style.INK[mode], mode),
                hovertemplate=hover,
                showscale=False,
            ),
            cell_numbers(flat, columns, rows, style.INK_PAINT, mode, 11),
        ],
        layout=layout(
            mode,
            title=title,
            xaxis={"type": "category", "automargin": True, "ticks": "", "tickangle": -35},
            yaxis={"type": "category", "automargin": True, "ticks": "", "autorange": "reversed"},
            margin={"l": 4, "r": 4, "t": top, "b": 4},
        ),
    )
    best = [
        f"{row}: {names[int(share.argmax())]} {share.max():.2f}"
        for row, share in zip(rows, flat, strict=True)
    ]
    return Chart(figure, say("train.looks_alt", language, heads="; ".join(best)))
