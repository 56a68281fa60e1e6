"""What is kept between reruns: immutable, bounded, keyed by values and never by arrays."""

from typing import NamedTuple

import streamlit as st

from attnviz.analysis.combine import Combination
from attnviz.analysis.difference import most_different
from attnviz.analysis.lens import Lens
from attnviz.figures import heatmap as heatmap_figure
from attnviz.figures.chart import Chart
from attnviz.figures.lines import Arrangement, Direction, Lines, lines
from attnviz.figures.overview import Overview, overview
from attnviz.figures.shown import Shown
from attnviz.figures.style import Mode
from attnviz.models.load import Model
from attnviz.tracing.capture import trace
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
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


@st.cache_resource(max_entries=32, show_spinner=False)
def traced(key: TraceKey, _model: Model) -> Trace:
    """The trace of a text."""
    return trace(key.text, _model, key.pair)


@st.cache_resource(max_entries=32, show_spinner=False)
def overview_of(key: TraceKey, _trace: Trace) -> Overview:
    """All heads as tiles."""
    del key
    return overview(_trace)


@st.cache_resource(max_entries=128, show_spinner=False)
def most_different_of(key: TraceKey, _trace: Trace) -> tuple[HeadId, HeadId, float]:
    """The two most different heads, and how different they are."""
    del key
    return most_different(_trace)


@st.cache_resource(max_entries=256, show_spinner=False)
def heatmap_of(key: TraceKey, _one: Shown, what: str, mode: Mode, language: Language) -> Chart:
    """The heatmap of what is shown, which `what` names: heads, lens and colour."""
    del key, what
    return heatmap_figure.draw(_one, mode=mode, language=language)


@st.cache_resource(max_entries=128, show_spinner=False)
def lines_of(
    key: TraceKey, chosen: LinesKey, lens: Lens, language: Language, _trace: Trace
) -> Lines:
    """The line diagram of some heads."""
    del key
    return lines(
        _trace,
        chosen.heads,
        lens,
        combination=chosen.combination,
        direction=chosen.direction,
        arrangement=chosen.arrangement,
        pins=chosen.pins,
        language=language,
    )
