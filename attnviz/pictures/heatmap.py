"""The heatmap of one head: queries are rows, keys are columns, a number for each cell."""

from dataclasses import dataclass
from math import ceil
from typing import Any, get_args

import numpy as np
import plotly.graph_objects as go

from attnviz import checks
from attnviz.analysis.lens import Lens
from attnviz.core.heads import as_head
from attnviz.core.trace import Trace
from attnviz.pictures import style, svg
from attnviz.pictures.asked import check_language
from attnviz.pictures.chart import Chart, cell_numbers, heading, layout
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.explorer import Explorer, explore
from attnviz.pictures.facts import about_given
from attnviz.pictures.picture import title
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import Shown, shown
from attnviz.pictures.standalone import framed
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say

NUMBERS_UP_TO = 10  # places: beyond, the cells are too small to print in
NARROWEST = 250  # px of the cells where a page is narrow
LINE = 8.9  # px from one label to the next
LONGEST_LABEL = 14
LEAST_CELL, MOST = 6, 640  # px of a cell where there is room, and of all of them
HEIGHT = 384  # px of the whole while the cells are large enough
BELOW = 82  # px for labels below the cells


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Heatmap(Chart):
    """A heatmap: the Plotly figure, and what it shows."""

    one: Shown
    language: Language

    def __repr__(self) -> str:
        return f"<Heatmap: {self.alt}>"

    def to_html(self) -> str:
        """One HTML file that needs no network: every number under the pointer."""
        return self._explorer().to_html()

    def to_svg(self) -> str:
        """One SVG file at print size, every cell in it."""
        one, language = self.one, self.language
        small = [
            " · ".join([_size(one), say("picture.direction", language), one.formula(language)]),
            say("picture.ink", language),
            one.alt(language),
        ]
        head = svg.words(title(one.trace, one.name(language), language), small, one.code.light)
        view = one.view
        body = svg.cells(style.level(view.weights), view.shown, one.code, view.places)
        recipe = Recipe("heatmap", one.trace, one.heads, one.lens, one.combination)
        return svg.sheet(one.trace, [head, body], recipe, language, self.alt)

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return framed(self.to_html(), self.alt, 760)

    def _explorer(self) -> Explorer:
        one = self.one
        return explore(
            one.trace,
            one.heads,
            one.lens,
            combination=one.combination,
            parts=("maps",),
            language=self.language,
        )


def heatmap(
    trace: Trace,
    head: tuple[int, int],
    lens: Lens | None = None,
    *,
    mode: Mode = "light",
    language: Language = "en",
) -> Heatmap:
    """The heatmap of one head, in the colour of head A.

    Raises:
        ArgumentError: if something is not what it should be.
        InterventionError: if the model has no such head.
    """
    checks.one_of("mode", mode, get_args(Mode))
    check_language(language)
    return draw(shown(trace, [as_head(head)], lens)[0], mode=mode, language=language)


def draw(
    one: Shown, *, mode: Mode = "light", language: Language = "en", captioned: bool = False
) -> Heatmap:
    """The heatmap of what is shown. z holds the weights themselves; hidden cells are gaps.

    The figure says its notes itself unless it is `captioned` with them, as on a page.
    """
    view = one.view
    names = [plotly_text(place.name) for place in view.places]
    drawn = np.where(view.shown, view.weights, np.nan)
    hover = "{}: %{{y}}<br>{}: %{{x}}<br><b>%{{z:.4f}}</b><extra></extra>"
    trace = go.Heatmap(
        z=drawn,
        x=names,
        y=names,
        hovertemplate=hover.format(say("picture.query", language), say("picture.key", language)),
        hoverongaps=False,
        colorscale=style.colour_scale(getattr(one.code, mode), mode),
        zmin=0,
        zmax=1,
        xgap=0,
        ygap=0,
        colorbar=_colour_bar(mode, language),
    )
    hue = getattr(one.code, mode)
    is_small = len(names) <= NUMBERS_UP_TO
    texts = [cell_numbers(drawn, names, names, hue, mode, 9)] if is_small else []
    figure = go.Figure(data=[trace, *texts], layout=_layout(one, mode, language, captioned))
    alt = say(
        "heatmap.alt",
        language,
        model=one.trace.model.called(language),
        head=one.name(language),
        places=len(names),
        says=one.alt(language),
    )
    alt = " ".join([alt, *about_given(one.trace, language)])
    return Heatmap(figure, alt, one, language)


def _colour_bar(mode: Mode, language: Language) -> dict[str, Any]:
    return {
        "title": {"text": say("picture.weight", language), "side": "right"},
        "tickvals": [0.01, 0.1, 0.25, 0.5, 1],
        "ticktext": ["0.01", "0.1", "0.25", "0.5", "1"],
        "thickness": 8,
        "xpad": 4,
        "outlinewidth": 0,
        "tickfont": {"size": 10, "color": style.FAINT_INK[mode]},
    }


def _size(one: Shown) -> str:
    return f"{len(one.view.places)} × {len(one.view.places)}"


def _layout(one: Shown, mode: Mode, language: Language, captioned: bool) -> go.Layout:
    labels = [_label(place.text) for place in one.view.places]
    ticks = _ticks(len(labels))
    axis = {
        "type": "category",
        "tickvals": ticks,
        "ticktext": [labels[tick] for tick in ticks],
        "tickfont": {"size": 9},
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside" if len(ticks) < len(labels) else "",
        "ticklen": 3,
        "fixedrange": False,
    }
    direction = f"{_size(one)} · {say('picture.direction', language)}"
    if len(ticks) < len(labels):
        direction += " · " + say("picture.some_named", language, step=ticks[1])
    if len(labels) <= NUMBERS_UP_TO:
        direction += " · " + say("picture.rounded", language)
    direction += " · " + say("picture.ink_stops", language, stops=style.STOPS)
    notes = [] if captioned else one.notes(language)
    said, top = heading(
        title(one.trace, one.name(language), language),
        [direction, one.formula(language), " ".join(notes)],
        getattr(one.code, mode),
        mode,
    )
    cells = min(MOST, LEAST_CELL * len(labels))
    return layout(
        mode,
        title=said,
        height=max(HEIGHT, top + cells + BELOW),
        margin={"l": 4, "r": 4, "t": top, "b": 4},
        xaxis={**axis, "tickangle": -90},
        yaxis={**axis, "autorange": "reversed"},
    )


def _label(text: str) -> str:
    cut = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    return plotly_text(cut)


def _ticks(places: int) -> list[int]:
    """All places while they fit, else every k-th; the hover names them all."""
    step = max(1, ceil(places * LINE / NARROWEST))
    return list(range(0, places, step))
