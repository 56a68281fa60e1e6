"""What is kept between reruns and shared by all sessions: immutable, bounded, keyed by values.

Keys hold everything that an answer depends on, and never arrays.
"""

import time
from functools import cache
from typing import Any, NamedTuple

from attnviz.analysis.combine import Combination
from attnviz.analysis.difference import most_different
from attnviz.analysis.lens import Lens
from attnviz.budget.kept import Kept
from attnviz.budget.memory import size_of
from attnviz.budget.settings import settings
from attnviz.figures import heatmap as heatmap_figure
from attnviz.figures.asked import can_be_pinned
from attnviz.figures.chart import Chart
from attnviz.figures.lines import Arrangement, Direction, Lines, lines
from attnviz.figures.overview import Overview, overview
from attnviz.figures.shown import Shown
from attnviz.figures.style import Mode
from attnviz.models.load import Model
from attnviz.tracing.capture import trace
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
from attnviz.ui.journal import note
from attnviz.words import Language


class TraceKey(NamedTuple):
    """What a trace is a pure function of."""

    model: str
    revision: str
    text: str
    pair: str | None


class LinesKey(NamedTuple):
    """What is chosen for the line diagram."""

    heads: tuple[HeadId, ...]
    combination: Combination | None
    direction: Direction
    arrangement: Arrangement
    pins: tuple[str, ...]


@cache
def _traces() -> Kept[Trace]:
    chosen = settings()
    return Kept(chosen.trace_entries, chosen.trace_mb, lambda one: size_of(one.layers))


@cache
def pictures() -> Kept[Any]:
    """Overviews, lines, heatmaps and the panels of lessons."""
    chosen = settings()
    return Kept(chosen.picture_entries, chosen.picture_mb, _picture_size)


def _picture_size(picture: Any) -> int:
    """A picture without the trace that it shows, which has its own place."""
    one = getattr(picture, "one", None)  # a heatmap: Plotly holds its numbers once more
    if isinstance(one, Shown):
        return 4 * size_of(one.view)
    maps = getattr(picture, "maps", ())
    return size_of(getattr(picture, "packet", None) or picture) + sum(
        size_of(one.view) for one in maps if isinstance(one, Shown)
    )


def traced(key: TraceKey, model: Model) -> Trace:
    """The trace of a text."""

    def run() -> Trace:
        started = time.perf_counter()
        found = trace(key.text, model, key.pair)
        milliseconds = 1000 * (time.perf_counter() - started)
        note("trace", model=model.card.title, tokens=len(found.tokens), ms=milliseconds)
        return found

    return _traces().get(key, run)


def overview_of(key: TraceKey, trace: Trace) -> Overview:
    """All heads as tiles."""
    found: Overview = pictures().get(("overview", key), lambda: overview(trace))
    return found


def most_different_of(key: TraceKey, trace: Trace) -> tuple[HeadId, HeadId, float]:
    """The two most different heads, and how different they are."""
    found: tuple[HeadId, HeadId, float] = pictures().get(
        ("most different", key), lambda: most_different(trace)
    )
    return found


def heatmap_of(key: TraceKey, one: Shown, what: str, mode: Mode, language: Language) -> Chart:
    """The heatmap of what is shown, which `what` names: heads, lens and colour."""
    found: Chart = pictures().get(
        ("heatmap", key, what, mode, language),
        lambda: heatmap_figure.draw(one, mode=mode, language=language, captioned=True),
    )
    return found


def lines_of(
    key: TraceKey, chosen: LinesKey, lens: Lens, language: Language, trace: Trace
) -> Lines:
    """The line diagram of some heads."""

    def draw() -> Lines:
        return lines(
            trace,
            chosen.heads,
            lens,
            combination=chosen.combination,
            direction=chosen.direction,
            arrangement=chosen.arrangement,
            pins=[pin for pin in chosen.pins if can_be_pinned(pin, trace)],
            language=language,
        )

    found: Lines = pictures().get(("lines", key, chosen, lens, language), draw)
    return found
