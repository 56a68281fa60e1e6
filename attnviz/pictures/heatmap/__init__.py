"""The heatmap of one map: queries are rows, keys are columns, a number for each cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, get_args

import numpy as np
import plotly.graph_objects as go

from attnviz import checks
from attnviz.analysis.lens import Lens
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap, Place
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.arguments import check_language
from attnviz.pictures.chart import Chart, cell_numbers, heading, layout
from attnviz.pictures.differences import divergence_words
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.explorer import Explorer, explore
from attnviz.pictures.heatmap.beside import (
    BARS,
    colour_bar,
    divergence_axis,
    divergences,
    room_for,
)
from attnviz.pictures.heatmap.columns import TICK, label, named_columns
from attnviz.pictures.heatmap.on_paper import cells_on_paper, every_on_paper
from attnviz.pictures.heatmap.shapes import NUMBERS_UP_TO, between_texts, hatch
from attnviz.pictures.map_picture import again_with, alt_of, one_map_on_paper
from attnviz.pictures.paper import paper_of
from attnviz.pictures.picture import some_named
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, one_shown
from attnviz.pictures.standalone import framed
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say

SCRIPT = Script("heatmap")
NARROWEST = 250  # px of the cells where a page is narrow
SMALLEST = 145  # px of the cells of one of three beside each other
NUMBER, WITH_SIGN = 24, 29  # px that a number in a cell takes, and one that may have a minus
WIDE_FROM = 42  # places: cells of 6 px then want the whole column of a page for one heatmap
LABEL, LINE = 12, 12.5  # px of a label, and from one to the next at least
SHORTEST = 210  # px of all rows, at least
MOST_WRITTEN = 128  # places up to which each number is sent as it is written; 512 took 4 MB
LEAST_CELL, MOST = 6, 640  # px of a cell where there is room, and of all of them
HEIGHT = 384  # px of the whole while the cells are large enough
BELOW = 82  # px for labels below the cells


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Heatmap(Chart):
    """A heatmap: the Plotly figure, and what it shows."""

    view: Shown
    language: Language

    def __repr__(self) -> str:
        return f"<Heatmap: {self.alt}>"

    def to_html(self) -> str:
        """One HTML file that needs no network: every number under the pointer."""
        return self._explorer().to_html()

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet` of a paper, every cell in it."""
        view, language, paper = self.view, self.language, paper_of(sheet)
        ink = say(f"picture.ink{_kind(view)}", language)
        named = some_named(every_on_paper(view.map, paper), language)
        small = [
            _listed(_size(view), say("picture.direction", language), view.formula(language)),
            _listed(ink, *_hatched(view, language), *named),
            view.alt(language),
        ]
        axes = (say("picture.query", language), say("picture.key", language))
        drawn = cells_on_paper(view.map, view.code, paper, axes)
        recipe, counts = again_with("heatmap", view), [*view.counts(language), *named]
        return one_map_on_paper(view, small, counts, drawn, recipe, language, self.alt, sheet)

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return framed(self.to_html(), self.alt, 760)

    def _explorer(self) -> Explorer:
        source = self.view.source
        if source is None:
            return explore(self.view.map, parts=("maps",), language=self.language)
        return explore(
            source.trace,
            source.heads,
            source.lens,
            combination=source.combination,
            parts=("maps",),
            language=self.language,
        )


def heatmap(
    trace: Trace | AttentionMap,
    head: AnyHead | None = None,
    lens: Lens | None = None,
    *,
    mode: Mode = "light",
    language: Language = "en",
) -> Heatmap:
    """The heatmap of one head, in the colour of head A.

    In place of a trace with its head, an attention map from anywhere.

    Raises:
        ArgumentError: if something is not what it should be.
        InterventionError: if the model has no such head.
    """
    checks.one_of("mode", mode, get_args(Mode))
    check_language(language)
    return draw(one_shown(trace, head, lens), mode=mode, language=language)


def draw(
    view: Shown, *, mode: Mode = "light", language: Language = "en", captioned: bool = False
) -> Heatmap:
    """The heatmap of what is shown. z holds the values themselves; hidden cells are gaps.

    What is not allowed is hatched, and says so under the pointer. The figure says its model,
    formula, ink and notes itself unless it is `captioned` with them, as on a page: it may then
    stand beside others, and the divergence of each row beside a difference of two heads; and the
    room for its names is set, because Plotly draws it anew each time that it finds more.
    """
    # Plotly takes a pandas that another thread has begun to import for a whole one.
    import pandas  # noqa: F401

    attention = view.map
    rows, columns = _names(attention.rows), _names(attention.columns)
    drawn = np.where(attention.shown, attention.values, np.nan)
    hover = (
        f"{say('picture.query', language)}: %{{y}}<br>{say('picture.key', language)}: %{{x}}<br>"
    )
    bar = None if captioned else colour_bar(view, mode, language)
    data: list[Any] = [_cells(drawn, rows, columns, view, hover, mode, bar)]
    if _has_numbers(attention, captioned):
        signed = attention.is_signed
        data.append(cell_numbers(drawn, columns, rows, view.code, mode, 9, signed=signed))
    if attention.allowed is not None:
        data.append(_not_allowed(attention, rows, columns, hover, language))
    if captioned and attention.divergence is not None:
        data.append(divergences(attention.divergence, attention.rows, mode, language))
    figure = go.Figure(data=data, layout=_layout(view, mode, language, captioned))
    apart = divergence_words(view, language) if attention.divergence is not None else []
    says = " ".join([view.alt(language), *apart]).strip()
    alt = alt_of(f"heatmap.alt{_kind(view)}", view, says, language)
    return Heatmap(figure, alt, view, language)


def _names(places: Sequence[Place]) -> list[str]:
    return [plotly_text(place.name) for place in places]


def _cells(
    drawn: np.ndarray,
    rows: list[str],
    columns: list[str],
    view: Shown,
    hover: str,
    mode: Mode,
    bar: dict[str, Any] | None,
) -> go.Heatmap:
    """The values that are shown, each with its number under the pointer.

    Without a `bar` of colours the page has the inks: Plotly takes as long for one as for the cells.
    """
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
        colorbar=bar,
        showscale=bar is not None,
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


def _kind(view: Shown) -> str:
    """The end of a text's key where values of either sign want other words than weights."""
    return "_signed" if view.map.is_signed else ""


def _size(view: Shown) -> str:
    return f"{len(view.map.rows)} × {len(view.map.columns)}"


def _listed(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _hatched(view: Shown, language: Language) -> list[str]:
    """What the hatch means, where there is one."""
    return [] if view.map.allowed is None else [say("picture.hatched", language)]


def _axis(places: Sequence[Place], room: int = NARROWEST) -> dict[str, Any]:
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


def ink_words(view: Shown, language: Language) -> str:
    """How dark a cell is."""
    return say(f"picture.ink_stops{_kind(view)}", language, stops=style.STOPS)


def _named(view: Shown, across: int, language: Language) -> str:
    """How many rows and columns are named, where not all are."""
    steps = [_step(len(view.map.rows), _high(view.map)), _step(len(view.map.columns), across)]
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


def _is_small(attention: AttentionMap, captioned: bool) -> bool:
    """Whether it may be one of three beside each other."""
    return captioned and len(attention.columns) < WIDE_FROM


def _has_numbers(attention: AttentionMap, captioned: bool) -> bool:
    """Whether numbers have room in the cells."""
    across = len(attention.columns) * (WITH_SIGN if attention.is_signed else NUMBER)
    if _is_small(attention, captioned) and across > SMALLEST:
        return False
    return max(len(attention.rows), len(attention.columns)) <= NUMBERS_UP_TO


def _layout(view: Shown, mode: Mode, language: Language, captioned: bool) -> go.Layout:
    attention = view.map
    across = SMALLEST if _is_small(attention, captioned) else NARROWEST
    if captioned and attention.divergence is not None:
        across = int(across * (1 - BARS))
    with_numbers = _has_numbers(attention, captioned)
    direction = _listed(
        _size(view),
        say("picture.direction", language),
        _named(view, across, language),
        say("picture.rounded", language) if with_numbers else "",
        "" if captioned else ink_words(view, language),
        *_hatched(view, language),
    )
    colour = getattr(view.code, mode)
    beside: dict[str, Any] = {}
    if captioned:
        colour = style.INK[mode] if attention.is_signed else colour
        title, top = heading(view.name(language), [direction], colour, mode, is_beside=True)
        if attention.divergence is not None:
            beside = divergence_axis(mode, language)
    else:
        more = [view.formula(language), " ".join(view.notes(language))]
        title, top = heading(view.title(language), [direction, *more], colour, mode)
    cells = min(MOST, LEAST_CELL * len(attention.rows))
    xaxis, yaxis = _axis(attention.columns, across), _axis(attention.rows, _high(attention))
    xaxis |= {"automargin": not captioned, "domain": [0, 1 - BARS * bool(beside)]}
    names = named_columns(xaxis, attention.columns, LABEL)
    left = below = 4  # and as much more as Plotly finds that it needs
    if captioned:
        left, below = room_for(yaxis["ticktext"], LABEL), names.room
    elif names.notes:  # which Plotly keeps no room for
        below = names.room
    return layout(
        mode,
        title=title,
        height=max(HEIGHT, top + cells + BELOW),
        margin={"l": left, "r": 16 if beside else 4, "t": top, "b": below},
        xaxis=names.axis,
        annotations=names.notes,
        **beside,
        yaxis={**yaxis, "automargin": not captioned, "autorange": "reversed"},
        shapes=[*hatch(attention, mode), *between_texts(attention, mode)],
    )


def _ticks(places: int, room: int) -> list[int]:
    """All places while they fit, else every k-th; the hover names them all."""
    return list(range(0, places, _step(places, room)))


def _step(places: int, room: int = NARROWEST) -> int:
    return max(1, ceil(places * LINE / room))
