"""The heatmap of one head: queries are rows, keys are columns, a number for each cell."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from attnviz.analysis.lens import Lens
from attnviz.figures import style
from attnviz.figures.escape import plotly_text
from attnviz.figures.picture import title
from attnviz.figures.shown import Shown, shown
from attnviz.figures.style import Mode
from attnviz.tracing.record import Trace
from attnviz.words import Language, say

NUMBERS_UP_TO = 12  # places: beyond, the cells are too small to print in
LABELS_UP_TO = 48
LONGEST_LABEL = 14


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """A heatmap, and its text alternative."""

    figure: go.Figure
    alt: str


def heatmap(
    trace: Trace,
    head: tuple[int, int],
    lens: Lens | None = None,
    *,
    mode: Mode = "light",
    language: Language = "en",
) -> Heatmap:
    """The heatmap of one head, in the colour of head A."""
    return draw(shown(trace, [head], lens)[0], mode=mode, language=language)


def draw(one: Shown, *, mode: Mode = "light", language: Language = "en") -> Heatmap:
    """The heatmap of what is shown. z holds the weights themselves; hidden cells are gaps."""
    view = one.view
    names = [plotly_text(place.name) for place in view.places]
    drawn = np.where(view.shown, view.weights, np.nan)
    hover = "{}: %{{customdata[0]}}<br>{}: %{{customdata[1]}}<br><b>%{{z:.4f}}</b><extra></extra>"
    trace = go.Heatmap(
        z=drawn,
        customdata=np.dstack(np.meshgrid(names, names, indexing="ij")) if names else None,
        hovertemplate=hover.format(say("picture.query", language), say("picture.key", language)),
        hoverongaps=False,
        colorscale=style.colour_scale(getattr(one.code, mode), mode),
        zmin=0,
        zmax=1,
        xgap=0,
        ygap=0,
        texttemplate="%{z:.2f}" if len(names) <= NUMBERS_UP_TO else None,
        colorbar=_colour_bar(mode, language),
    )
    figure = go.Figure(data=[trace], layout=_layout(one, mode, language))
    alt = say(
        "heatmap.alt",
        language,
        model=one.trace.model.title,
        head=one.name(language),
        says=one.says(language),
    )
    return Heatmap(figure, alt)


def _colour_bar(mode: Mode, language: Language) -> dict[str, Any]:
    return {
        "title": {"text": say("picture.weight", language), "side": "right"},
        "tickvals": [0.01, 0.1, 0.25, 0.5, 1],
        "ticktext": ["0.01", "0.1", "0.25", "0.5", "1"],
        "thickness": 8,
        "outlinewidth": 0,
        "tickfont": {"size": 10, "color": style.FAINT_INK[mode]},
    }


def _layout(one: Shown, mode: Mode, language: Language) -> go.Layout:
    labels = [_label(place.text) for place in one.view.places]
    ticks = _ticks(len(labels))
    axis = {
        "tickvals": ticks,
        "ticktext": [labels[tick] for tick in ticks],
        "tickfont": {"size": 10},
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "fixedrange": False,
    }
    heading = f"{title(one.trace, one.name(language))}"
    return go.Layout(
        template=_template(),
        title={
            "text": f"{plotly_text(heading)}<br><sup>{plotly_text(one.formula(language))}</sup>",
            "font": {"size": 14, "color": getattr(one.code, mode)},
            "x": 0,
            "xref": "paper",
            "yref": "container",
            "y": 0.985,
            "yanchor": "top",
        },
        font={"family": style.SANS, "color": style.INK[mode], "size": 11},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 8, "t": 58, "b": 8},
        xaxis={
            **axis,
            "tickangle": -90,
            "title": {"text": say("picture.keys_right", language), "standoff": 4},
            "automargin": True,
        },
        yaxis={
            **axis,
            "autorange": "reversed",
            "title": {"text": say("picture.queries_down", language), "standoff": 4},
            "automargin": True,
        },
    )


def _template() -> go.layout.Template:
    """An empty template: building Plotly's own costs more than the figure."""
    return go.layout.Template()


def _label(text: str) -> str:
    cut = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    return plotly_text(cut)


def _ticks(places: int) -> list[int]:
    """All places while they fit, else every k-th; the hover names them all."""
    step = max(1, -(-places // LABELS_UP_TO))
    return list(range(0, places, step))
