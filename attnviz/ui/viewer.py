"""The viewer: all heads, two heads, their lines, their numbers."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from attnviz.figures.shown import Shown, shown
from attnviz.link.state import VIEWS
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
from attnviz.ui import caches, components, inputs
from attnviz.ui.caches import TraceKey
from attnviz.ui.escape import markdown_text
from attnviz.ui.inputs import Choices
from attnviz.ui.page import language, mode
from attnviz.ui.saving import save
from attnviz.words import say

OVERVIEW, LINES = "overview_picture", "lines_picture"
LARGEST_TABLE = 40  # places for which the whole table is shown; beyond, one query's row
WIDE_FROM = 42  # places: cells of 6 px then want the whole column for one heatmap


def viewer(key: TraceKey, trace: Trace, divergence: float, share_here: Callable[[], None]) -> None:
    """Everything below the sentence.

    `divergence` is that of the two most different heads, which stand in A and B until the
    person chooses others. `share_here` is the page's way to share what is seen.
    """
    with st.container(key="viewer"):
        _facts(trace, divergence)
        overview_place = st.container(key="overview")
        heatmaps_place = st.container(key="heatmaps")
        inputs.choose(trace)
        chosen = inputs.choices()
        # Plotly keeps the browser busy for longest, so it comes last.
        with st.container(key="lines"):
            _lines(key, trace, chosen)
        with overview_place:
            _overview(key, trace)
        with heatmaps_place:
            _heatmaps(key, trace, chosen)
        with st.container(key="table"):
            _table(trace, chosen)
            with st.container(horizontal=True):
                save(trace, chosen)
                share_here()


def embedded_viewer(key: TraceKey, trace: Trace) -> None:
    """The parts that an embedded page's link asks for, one below the other."""
    chosen = inputs.choices()
    parts: dict[str, Callable[[], None]] = {
        "overview": lambda: _overview(key, trace),
        "heatmaps": lambda: _heatmaps(key, trace, chosen),
        "lines": lambda: _lines(key, trace, chosen),
        "table": lambda: _numbers(trace, chosen),
    }
    for name in st.session_state.get("views") or VIEWS:
        with st.container(key=name):
            parts[name]()
    components.tell_height()


def _lines(key: TraceKey, trace: Trace, chosen: Choices) -> None:
    drawn = caches.lines_of(key, chosen.lines, chosen.lens, language(), trace)
    components.show_lines_with_pins(drawn, LINES, on_pins=_take_pins)


def _facts(trace: Trace, divergence: float) -> None:
    """What ran, and why these two heads."""
    model = trace.model
    facts = say(
        "page.facts",
        language(),
        title=model.title,
        layers=model.layers,
        heads=model.heads,
        tokens=len(trace.tokens),
        most=model.max_tokens,
    )
    if inputs.shows_default_heads():
        facts += " · " + say("page.default_heads", language(), divergence=f"{divergence:.3f}")
    with st.container(key="facts"):
        st.markdown(markdown_text(facts))


def _overview(key: TraceKey, trace: Trace) -> None:
    drawn = caches.overview_of(key, trace)
    a, b = st.session_state.a, st.session_state.b
    components.show_overview(drawn.packet(a, b, language()), OVERVIEW, on_picked=_take_picked)


def _take_picked() -> None:
    if choice := components.picked(OVERVIEW):
        inputs.choose_head(choice["slot"], HeadId(int(choice["layer"]), int(choice["head"])))


def _take_pins() -> None:
    st.session_state.pins = components.pinned(LINES)


def _heatmaps(key: TraceKey, trace: Trace, chosen: Choices) -> None:
    heads = chosen.heads if chosen.combination else chosen.heads[:2]
    maps = shown(trace, heads, chosen.lens, chosen.combination)
    beside = len(maps[0].view.places) < WIDE_FROM
    with st.container(key="heatmaps_beside" if beside else "heatmaps_wide"):
        for index, one in enumerate(maps):
            with st.container(key=f"heatmap_{index}"):
                _heatmap(key, one, index)


def _heatmap(key: TraceKey, one: Shown, index: int) -> None:
    what = repr((one.heads, one.combination, one.lens, one.code))
    picture = caches.heatmap_of(key, one, what, mode(), language())
    components.show_chart(picture, f"heatmap_picture_{index}", int(picture.figure.layout.height))
    notes = [one.says(language()), *one.notes(language())]
    st.caption(markdown_text(" ".join(note for note in notes if note)))


def _table(trace: Trace, chosen: Choices) -> None:
    table = st.expander(say("page.table", language()), key="table_open", on_change="rerun")
    if table.open:  # a table that nobody sees is not computed
        with table:
            _numbers(trace, chosen)


def _numbers(trace: Trace, chosen: Choices) -> None:
    maps = shown(trace, chosen.heads, chosen.lens, chosen.combination)
    names = [one.name(language()) for one in maps]
    _within("table_head", len(maps))
    place = st.selectbox(
        say("page.table_head", language()),
        range(len(maps)),
        format_func=lambda i: names[i],
        key="table_head",
    )
    view = maps[place].view
    places = [place.name for place in view.places]
    weights = pd.DataFrame(view.weights, index=places, columns=places)
    weights = weights.where(view.shown)
    if len(places) > LARGEST_TABLE:
        _within("table_query", len(places))
        query = st.selectbox(
            say("picture.query", language()),
            range(len(places)),
            format_func=lambda i: places[i],
            key="table_query",
        )
        weights = weights.iloc[[query]].T
    st.caption(say("page.table_note", language()))
    st.table(_printed(weights))


def _within(key: str, count: int) -> None:
    """Forget a choice, such as a link's, that there are too few options for."""
    if st.session_state.get(key, 0) >= count:
        del st.session_state[key]


def _printed(weights: pd.DataFrame) -> pd.DataFrame:
    """Numbers as text with 4 decimals, names as data."""
    texts = weights.map(lambda weight: "" if pd.isna(weight) else f"{weight:.4f}")
    return texts.rename(index=markdown_text, columns=markdown_text)
