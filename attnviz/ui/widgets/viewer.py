"""The viewer: all heads, two heads, their lines, their numbers."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError, AttnvizError
from attnviz.export.numbers import as_frame
from attnviz.pictures.differences import pair_shown
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.shown import Shown, shown
from attnviz.share.state import FOLDED, USUAL_VIEWS, ExploreState, ViewState
from attnviz.texts import say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import figures
from attnviz.ui.errors import show_error
from attnviz.ui.frame import language, mode
from attnviz.ui.widgets import controls, pins
from attnviz.ui.widgets.controls import Choices
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.head_finder import head_finder
from attnviz.ui.widgets.heads import Different, are_usual, choose_head, heads_shown
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.saving import save

OVERVIEW, LINES = "overview_picture", "lines_picture"
LARGEST_TABLE = 40  # places for which the whole table is shown; beyond, one query's row
LONGEST_FLOW = 64  # tokens: all its layers then take some 15 seconds
WIDE_FROM = 42  # places: cells of 6 px then want the whole column for one heatmap


def viewer(key: TraceKey, trace: Trace, usual: Different, share_here: Callable[[], None]) -> None:
    """Everything below the sentence.

    `usual` are the two most different heads, which stand in A and B until the person chooses
    others. `share_here` is the page's way to share what is seen.
    """
    now = state.read(ViewState)
    with st.container(key="viewer"):
        _summary(trace, now, usual)
        overview_place = st.container(key="overview")
        heatmaps_place = st.container(key="heatmaps")
        controls.choose(trace, now, usual)
        shown_now = controls.choices(key, trace, now, usual)
        if not _can_be_drawn(key, trace, shown_now):
            return
        # Plotly keeps the browser busy for longest, so it comes last.
        with st.container(key="lines"):
            _lines(key, trace, shown_now)
        with overview_place:
            _overview(key, trace, now, usual)
        with heatmaps_place:
            _heatmaps(key, trace, shown_now)
        with st.container(key="table"):
            head_finder(key, trace, shown_now.lens, usual)
            for kind in FOLDED:
                _folded(kind, key, trace, shown_now)
            _table(trace, shown_now)
            with st.container(horizontal=True):
                save(trace, shown_now)
                share_here()


def embedded_viewer(key: TraceKey, trace: Trace, now: ExploreState, usual: Different) -> None:
    """The parts that an embedded page's link asks for, one below the other."""
    shown_now = controls.choices(key, trace, now, usual)
    if not _can_be_drawn(key, trace, shown_now):
        return
    parts: dict[str, Callable[[], None]] = {
        "overview": lambda: _overview(key, trace, now, usual),
        "heatmaps": lambda: _heatmaps(key, trace, shown_now),
        "lines": lambda: _lines(key, trace, shown_now),
        "table": lambda: _numbers(trace, shown_now),
        **{kind.view: partial(_pictures, kind, key, trace, shown_now) for kind in FOLDED},
    }
    for name in now.views or USUAL_VIEWS:
        with st.container(key=name):
            parts[name]()
    figures.tell_height()


def _can_be_drawn(key: TraceKey, trace: Trace, now: Choices) -> bool:
    """Compute the maps that are chosen, or say why there are none."""
    kind = now.lens.map
    if kind == "raw":
        return True
    try:
        if kind == "flow" and len(trace.tokens) > LONGEST_FLOW:
            raise ArgumentError("flow_too_long", tokens=len(trace.tokens), most=LONGEST_FLOW)
        if not caches.knows_overview(key, kind):  # which computes all of them
            computing = "flow" if kind == "flow" else "draw"
            with_progress(lambda _: caches.overview_of(key, trace, kind), language(), computing)
        _ = shown(trace, now.heads, now.lens, now.combination)[0].map
    except AttnvizError as problem:
        show_error(problem)
        return False
    return True


def _folded(kind: PictureKind, key: TraceKey, trace: Trace, now: Choices) -> None:
    """A picture below the others, made once somebody opens it."""
    name, opened = f"{kind.view}_open", state.read(ViewState).opened

    def take() -> None:
        others = tuple(view for view in opened if view != kind.view)
        state.change(ViewState, opened=(*others, kind.view) if state.taken(name) else others)

    label = say(f"share.view_{kind.view}", language())
    box = st.expander(label, **state.shown(name, kind.view in opened, take, None))
    if box.open:
        with box:
            _pictures(kind, key, trace, now)


def _pictures(kind: PictureKind, key: TraceKey, trace: Trace, now: Choices) -> None:
    """The pictures of a kind: of heads A and B, of A against B, or of all that are combined."""
    if kind.takes == "pair":
        views = pair_shown(trace, now.heads, now.lens)
        if not views:
            same = "layer" if now.lens.is_of_layers else "head"
            st.caption(say(f"comparison.same_{same}", language()))
    else:
        heads = now.heads if now.combination else now.heads[:2]
        views = shown(trace, heads, now.lens, now.combination)
    for index, one in enumerate(views):
        try:
            packet = caches.packet_of(key, kind, one, language())
        except ArgumentError as error:
            st.caption(markdown_text(error.text(language())))
            return
        figures.show_picture(kind.script.name, packet, f"{kind.view}_picture_{index}")


def _lines(key: TraceKey, trace: Trace, now: Choices) -> None:
    packet = caches.lines_of(key, now.lines, now.lens, language(), trace)
    positions = pins.positions_of(trace, now.lens)  # the callback outlives the run: no trace in it
    figures.show_lines_with_pins(
        packet, LINES, on_pins=lambda: pins.take(key, positions, figures.pinned(LINES))
    )


def _summary(trace: Trace, now: ViewState, usual: Different) -> None:
    """What ran, and why these two heads."""
    model = trace.model
    summary = say(
        "page.facts",
        language(),
        title=model.called(language()),
        layers=model.layers,
        heads=model.heads,
        tokens=len(trace.tokens),
        most=model.max_tokens,
    )
    if are_usual(now):
        divergence = f"{usual.divergence:.3f}"
        summary += " · " + say("page.default_heads", language(), divergence=divergence)
    with st.container(key="facts"):
        st.markdown(markdown_text(summary))


def _overview(key: TraceKey, trace: Trace, now: ViewState, usual: Different) -> None:
    heads = heads_shown(now, usual)
    drawn = caches.overview_of(key, trace, now.map)
    of_layers = Lens(map=now.map).is_of_layers  # the callback outlives the run: no trace in it

    def take() -> None:
        if choice := figures.picked(OVERVIEW):
            head = HeadId(int(choice["layer"]), int(choice["head"]))
            if of_layers:  # a tile is a layer: the head in it stays
                head = HeadId(head.head, heads["AB".index(choice["slot"])].head)
            choose_head(choice["slot"], head, usual)

    figures.show_overview(drawn.packet(*heads, language()), OVERVIEW, on_picked=take)


def _heatmaps(key: TraceKey, trace: Trace, now: Choices) -> None:
    heads = now.heads if now.combination else now.heads[:2]
    maps = shown(trace, heads, now.lens, now.combination)
    beside = len(maps[0].map.columns) < WIDE_FROM
    with st.container(key="heatmaps_beside" if beside else "heatmaps_wide"):
        for index, one in enumerate(maps):
            with st.container(key=f"heatmap_{index}"):
                _heatmap(key, one, index)


def _heatmap(key: TraceKey, one: Shown, index: int) -> None:
    picture, caption = caches.heatmap_of(key, one, mode(), language())
    figures.show_chart(picture, f"heatmap_picture_{index}", int(picture.figure.layout.height))
    st.caption(markdown_text(caption))


def _table(trace: Trace, now: Choices) -> None:
    bound = state.bound(ViewState, "table_open", None)
    table = st.expander(say("page.table", language()), **bound)
    if table.open:  # a table that nobody sees is not computed
        with table:
            _numbers(trace, now)


def _numbers(trace: Trace, now: Choices) -> None:
    maps = shown(trace, now.heads, now.lens, now.combination)
    names = [one.name(language()) for one in maps]
    _within("table_head", len(maps))
    place = st.selectbox(
        say("page.table_head", language()),
        range(len(maps)),
        format_func=lambda i: names[i],
        **state.bound(ViewState, "table_head", "index", range(len(maps))),
    )
    seen = maps[place].map
    numbers = as_frame(seen)
    if max(numbers.shape) > LARGEST_TABLE:
        queries = [place.name for place in seen.rows]
        _within("table_query", len(queries))
        query = st.selectbox(
            say("picture.query", language()),
            range(len(queries)),
            format_func=lambda i: queries[i],
            **state.bound(ViewState, "table_query", "index", range(len(queries))),
        )
        numbers = numbers.iloc[[query]].T
    note = [say("page.table_note", language())]
    if seen.allowed is not None:
        note.append(say("page.table_not_allowed", language()))
    st.caption(" ".join(note))
    st.table(_escaped(numbers))


def _within(name: str, count: int) -> None:
    """The first option in place of a choice, such as a link's, that there are too few for."""
    if getattr(state.read(ViewState), name) >= count:
        state.change(ViewState, **{name: 0})


def _escaped(numbers: pd.DataFrame) -> pd.DataFrame:
    """Names as data."""
    return numbers.rename(index=markdown_text, columns=markdown_text)
