"""Find a head: all heads by what they look at, or by a measure; a click makes one head A."""

import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from attnviz.analysis.find import targets
from attnviz.analysis.frame import Table
from attnviz.analysis.lens import Lens
from attnviz.analysis.measures import Measure, measures
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError
from attnviz.export.measures import measures_csv
from attnviz.pictures.picture import percent
from attnviz.share.state import ANY, ONE_TOKEN, ViewState
from attnviz.texts import say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.frame import language
from attnviz.ui.widgets import pins
from attnviz.ui.widgets.downloads import download
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.heads import Different, choose_head
from attnviz.ui.widgets.long_text import LONG
from attnviz.ui.widgets.progress import with_progress

TABLE = "head_table"
DECIMALS = 3
STEPS = 100  # of the slider, from one end of a measure's range to the other


def head_finder(key: TraceKey, trace: Trace, lens: Lens, usual: Different) -> None:
    """The folded part; what it shows is computed once somebody opens it.

    `lens` is the one that pins are counted through.
    """
    bound = state.bound(ViewState, "finder_open", None)
    box = st.expander(say("finder.title", language()), **bound)
    if not box.open:
        return
    with box:
        try:
            if len(trace.tokens) >= LONG:
                with_progress(
                    lambda report: caches.measured(key, trace, report), language(), "measures"
                )
            _finder(key, trace, lens, usual)
        except CaptureError as error:
            st.caption(markdown_text(error.text(language())))


def _finder(key: TraceKey, trace: Trace, lens: Lens, usual: Different) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sought = _what()
        if sought == ONE_TOKEN:
            position = _token(trace, lens)
        elif sought == ANY:
            by, low, high = _measure(key, trace)
    if sought == ANY:
        _measured(key, trace, by, (low, high), usual)
    else:
        _ranked(key, trace, position if sought == ONE_TOKEN else sought, usual)


def _what() -> str:
    options = (ANY, *targets(), ONE_TOKEN)
    sought: str = st.selectbox(
        say("finder.what", language()),
        options,
        format_func=_target_name,
        **state.bound(ViewState, "finder_what", "index", options),
        width=260,
    )
    return sought


def _target_name(what: str) -> str:
    if what in (ANY, ONE_TOKEN):
        return say(f"finder.{what}", language())
    return say(f"measure.{what}", language())


def _token(trace: Trace, lens: Lens) -> int:
    """A token by its position; at first the first that is pinned."""
    view, names = state.read(ViewState), [token.name for token in trace.key_tokens()]
    places = pins.positions_of(trace, lens)
    keys = places["k"]
    on_keys = [pin for pin in view.pins if places[pin[0]] is keys]  # queries may be of another text
    pinned = [keys[int(pin[1:])][0] for pin in on_keys if int(pin[1:]) < len(keys)]
    usual = pinned[0] if pinned else 0
    if view.finder_token is not None and view.finder_token >= len(names):
        state.change(ViewState, finder_token=None)
    position: int = st.selectbox(
        say("finder.which_token", language()),
        range(len(names)),
        format_func=names.__getitem__,
        **state.bound(
            ViewState,
            "finder_token",
            "index",
            range(len(names)),
            usual=usual,
            named=names.__getitem__,
        ),
        width=220,
    )
    return position


def _ranked(key: TraceKey, trace: Trace, what: str | int, usual: Different) -> None:
    """All heads, those first that look most at one thing."""
    import pandas as pd

    heads = caches.found_of(key, what, trace)
    called = trace.key_tokens()[what].name if isinstance(what, int) else _target_name(what)
    if not heads:
        st.caption(say("finder.nothing", language(), what=markdown_text(called)))
        return
    first = heads[0]
    st.markdown(
        markdown_text(
            say(
                "finder.evidence",
                language(),
                head=str(first.head),
                share=percent(first.share),
                what=called,
                tokens=first.tokens,
            )
        )
    )
    table = pd.DataFrame(
        {
            "head": [str(one.head) for one in heads],
            "share": [one.share for one in heads],
            "tokens": [one.tokens for one in heads],
        }
    )
    columns = {
        "share": _bars(say("finder.share", language()), 1.0, say("measure.unit_share", language())),
        "tokens": _tokens_column(),
    }
    _show(table, columns, [entry.head for entry in heads], usual)


def _measure(key: TraceKey, trace: Trace) -> tuple[Measure, float, float]:
    """The measure by which heads are sorted, and the range in which they are shown."""
    options = tuple(one.name for one in measures())
    by = st.selectbox(
        say("finder.by", language()),
        options,
        format_func=lambda name: say(f"measure.{name}", language()),
        **state.bound(
            ViewState,
            "finder_by",
            "index",
            options,
            then=lambda: state.change(ViewState, finder_range=None),
        ),
        width=240,
    )
    measure = next(one for one in measures() if one.name == by)
    most = _most(measure, caches.measured(key, trace), len(trace.key_tokens()))
    span = state.read(ViewState).finder_range or (0.0, most)
    low, high = (min(max(bound, 0.0), most) for bound in span)

    def take() -> None:
        state.change(ViewState, finder_range=tuple(state.taken("finder_range")))

    low, high = st.slider(
        say("finder.range", language(), unit=measure.unit_name(language())),
        0.0,
        most,
        step=most / STEPS,
        **state.shown("finder_range", (low, high), take),
        width=380,
    )
    return measure, low, high


def _most(one: Measure, table: Table, tokens: int) -> float:
    """The upper end of a measure's bars: of its range, or the largest where that has no end."""
    most = one.largest(tokens)
    if not math.isfinite(most):
        most = float(np.nan_to_num(table[one.name].to_numpy(), nan=0.0).max())
    return most or 1.0


def _measured(
    key: TraceKey, trace: Trace, by: Measure, within: tuple[float, float], usual: Different
) -> None:
    """One row a head, a column a measure, sorted by one of them and filtered by its range."""
    table = caches.measured(key, trace)
    values = table[by.name].to_numpy()
    low, high = within
    tokens = len(trace.key_tokens())
    most = _most(by, table, tokens)
    upper = math.inf if high >= most * (1 - 1e-6) else high  # a link rounds the end of the range
    is_whole = low == 0 and upper == math.inf  # then also heads of which nothing can be said
    shown = np.flatnonzero(is_whole | ((values >= low) & (values <= upper)))
    order = shown[np.argsort(-np.nan_to_num(values[shown], nan=-1.0), kind="stable")]
    names = [by.name, *(one.name for one in measures() if one is not by)]
    heads = [trace.heads[n] for n in order]
    rows = table.iloc[order].reset_index(drop=True)
    drawn = rows[names].copy()
    drawn.insert(0, "head", [str(head) for head in heads])
    drawn.insert(2, "tokens", rows[f"{by.name}_tokens"])
    columns = {
        measure.name: _bars(
            measure.title(language()), _most(measure, table, tokens), _help(measure)
        )
        for measure in measures()
    }
    st.caption(
        markdown_text(
            say(
                "finder.sorted",
                language(),
                shown=len(heads),
                heads=len(trace.heads),
                measure=by.title(language()),
                formula=by.formula(language()),
            )
        )
    )
    _show(drawn, {**columns, "tokens": _tokens_column()}, heads, usual)
    spoken = language()
    download(
        say("finder.csv", spoken),
        lambda: measures_csv(trace, spoken).encode("utf-8-sig"),
        "attnviz-heads.csv",
        "text/csv",
        key="save_head_table",
    )


def _help(one: Measure) -> str:
    return markdown_text(f"{one.formula(language())} ({one.unit_name(language())}; {one.source})")


def _bars(title: str, most: float, help_text: str) -> Any:
    return st.column_config.ProgressColumn(
        title, min_value=0.0, max_value=most, format=f"%.{DECIMALS}f", help=help_text
    )


def _tokens_column() -> Any:
    about = say("finder.tokens_help", language())
    return st.column_config.NumberColumn(say("finder.tokens", language()), help=about)


def _show(table: Table, columns: dict[str, Any], heads: Sequence[HeadId], usual: Different) -> None:
    # Another order is another table: a row that was chosen in the last one is not chosen in it.
    name = f"{TABLE}_{zlib.crc32(repr(heads).encode()):x}"
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "head": st.column_config.TextColumn(say("page.table_head", language()), pinned=True),
            **columns,
        },
        height=330,
        key=name,
        on_select=_taker(name, tuple(heads), usual),
        selection_mode="single-row",
        alt=say("finder.alt", language(), heads=len(heads)),
    )
    st.caption(say("finder.help", language()))


def _taker(name: str, heads: tuple[HeadId, ...], usual: Different) -> Callable[[], None]:
    def take() -> None:
        event = state.taken(name)
        rows = event["selection"]["rows"] if event else []
        if rows and rows[0] < len(heads):
            choose_head("a", heads[rows[0]], usual)

    return take
