"""The heatmap as a Plotly figure: z holds the values themselves, each under the pointer."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import plotly.graph_objects as go

from attnviz.core.maps import AttentionMap, Place
from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.chart import cell_numbers, heading, layout
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.heatmap.columns import TICK, label, named_columns
from attnviz.pictures.heatmap.shapes import NUMBERS_UP_TO, between_texts, hatch
from attnviz.pictures.heatmap.words import of_sign
from attnviz.pictures.shown import Shown
from attnviz.pictures.style import Mode
from attnviz.texts import Language, running, say

NARROWEST = 250  # px of the cells where a page is narrow
LABEL, LINE = 12, 12.5  # px of a label, and from one to the next at least
SHORTEST = 210  # px of all rows, at least
MOST_WRITTEN = 128  # places up to which each number is sent as it is written; 512 took 4 MB
LEAST_CELL, MOST = 6, 640  # px of a cell where there is room, and of all of them
HEIGHT = 384  # px of the whole while the cells are large enough
BELOW = 82  # px for labels below the cells


def figure_of(view: Shown, mode: Mode, language: Language) -> go.Figure:
    """The heatmap of what is shown, with its model, formula, ink and notes; hidden cells are gaps.

    What is not allowed is hatched, and says so under the pointer.
    """
    # Plotly takes a pandas that another thread has begun to import for a whole one.
    import pandas  # noqa: F401

    attention = view.map
    rows, columns = _names(attention.rows), _names(attention.columns)
    drawn = np.where(attention.shown, attention.values, np.nan)
    hover = (
        f"{say('picture.query', language)}: %{{y}}<br>{say('picture.key', language)}: %{{x}}<br>"
    )
    data: list[Any] = [_cells(drawn, rows, columns, view, hover, mode, language)]
    if _has_numbers(attention):
        signed = attention.is_signed
        data.append(cell_numbers(drawn, columns, rows, view.code, mode, 9, signed=signed))
    if attention.allowed is not None:
        data.append(_not_allowed(attention, rows, columns, hover, language))
    return go.Figure(data=data, layout=_layout(view, mode, language))


def _names(places: Sequence[Place]) -> list[str]:
    return [plotly_text(place.name) for place in places]


def _cells(
    drawn: np.ndarray,
    rows: list[str],
    columns: list[str],
    view: Shown,
    hover: str,
    mode: Mode,
    language: Language,
) -> go.Heatmap:
    """The values that are shown, each with its number under the pointer."""
    signed, colour = view.map.is_signed, getattr(view.code, mode)
    signs: dict[str, Any] = {}
    is_long = max(drawn.shape) > MOST_WRITTEN
    if signed and not is_long:  # Plotly writes a hyphen
        written = [["" if np.isnan(v) else printed(float(v), 4) for v in row] for row in drawn]
        signs = {"customdata": written}
    number = "%{customdata}" if signs else "%{z:.4f}"
    return go.Heatmap(
        z=drawn,
        x=columns,
        y=rows,
        **signs,
        hovertemplate=f"{hover}<b>{number}</b><extra></extra>",
        hoverongaps=False,
        colorscale=(style.signed_scale if signed else style.colour_scale)(colour, mode),
        zmin=-1 if signed else 0,
        zmax=1,
        xgap=0,
        ygap=0,
        colorbar=_colour_bar(view, mode, language),
    )


def _not_allowed(
    attention: AttentionMap, rows: list[str], columns: list[str], hover: str, language: Language
) -> go.Heatmap:
    """What a pointer reads where nothing is allowed: cells without ink, below the hatch."""
    clear = "rgba(0,0,0,0)"
    return go.Heatmap(
        z=np.where(attention.denied, 0.0, np.nan),
        x=columns,
        y=rows,
        hovertemplate=f"{hover}<b>{say('picture.not_allowed_here', language)}</b><extra></extra>",
        hoverongaps=False,
        colorscale=[(0, clear), (1, clear)],
        showscale=False,
    )


def _listed(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _hatched(view: Shown, language: Language) -> list[str]:
    """What the hatch means, where there is one."""
    return [] if view.map.allowed is None else [say("picture.hatched", language)]


def _axis(places: Sequence[Place], room: int) -> dict[str, Any]:
    """An axis of names, as many as there is room for in so many px."""
    labels = [label(place.label) for place in places]
    ticks = _ticks(len(labels), room)
    return {
        "type": "category",
        "tickvals": ticks,
        "ticktext": [labels[tick] for tick in ticks],
        "tickfont": {"size": LABEL},
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside" if len(ticks) < len(labels) else "",
        "ticklen": TICK,
        "fixedrange": False,
    }


def _named(view: Shown, language: Language) -> str:
    """How many rows and columns are named, where not all are."""
    steps = [_step(len(view.map.rows), _high(view.map)), _step(len(view.map.columns), NARROWEST)]
    if max(steps) == 1:
        return ""
    if steps[0] == steps[1]:
        return say("picture.some_named", language, step=steps[0])
    if min(steps) == 1:
        which = "keys" if steps[0] == 1 else "queries"
        return say(f"picture.some_{which}_named", language, step=max(steps))
    return say("picture.some_named_apart", language, rows=steps[0], columns=steps[1])


def _high(attention: AttentionMap) -> int:
    """Px of all rows, at least."""
    return max(SHORTEST, min(MOST, LEAST_CELL * len(attention.rows)))


def _has_numbers(attention: AttentionMap) -> bool:
    """Whether numbers have room in the cells."""
    return max(len(attention.rows), len(attention.columns)) <= NUMBERS_UP_TO


def _layout(view: Shown, mode: Mode, language: Language) -> go.Layout:
    attention = view.map
    direction = _listed(
        f"{len(attention.rows)} × {len(attention.columns)}",
        say("picture.direction", language),
        _named(view, language),
        say("picture.rounded", language) if _has_numbers(attention) else "",
        say(f"picture.ink_stops{of_sign(attention)}", language, stops=style.STOPS),
        say("picture.hatched", language) if attention.allowed is not None else "",
    )
    notes = [direction, view.formula(language), running(view.notes(language))]
    title, top = heading(view.title(language), notes, getattr(view.code, mode), mode)
    cells = min(MOST, LEAST_CELL * len(attention.rows))
    xaxis, yaxis = _axis(attention.columns, NARROWEST), _axis(attention.rows, _high(attention))
    names = named_columns(xaxis, attention.columns, LABEL)
    return layout(
        mode,
        title=title,
        height=max(HEIGHT, top + cells + BELOW),
        # Plotly finds more room where it needs it, but not for notes.
        margin={"l": 4, "r": 4, "t": top, "b": names.room if names.notes else 4},
        xaxis={**names.axis, "automargin": True},
        annotations=names.notes,
        yaxis={**yaxis, "automargin": True, "autorange": "reversed"},
        shapes=[*hatch(attention, mode), *between_texts(attention, mode)],
    )


def _colour_bar(view: Shown, mode: Mode, language: Language) -> dict[str, Any]:
    """The inks beside the cells."""
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


def _ticks(places: int, room: int) -> list[int]:
    """All places while they fit, else every k-th; the hover names them all."""
    return list(range(0, places, _step(places, room)))


def _step(places: int, room: int) -> int:
    return max(1, ceil(places * LINE / room))
