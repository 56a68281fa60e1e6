"""Saving what Explore shows: page, pictures, numbers, the whole trace."""

import streamlit as st

from attnviz.core.trace import Trace
from attnviz.export.numbers import MOST_WEIGHTS, as_csv, as_json, as_npz, as_parquet
from attnviz.pictures.arguments import can_be_pinned
from attnviz.pictures.explorer import Explorer, explore
from attnviz.pictures.shown import Shown, shown
from attnviz.share.state import ViewState
from attnviz.texts import Language, say
from attnviz.ui import state
from attnviz.ui.caches import TraceKey, traced
from attnviz.ui.components.figures import lazy_popover
from attnviz.ui.frame import language
from attnviz.ui.widgets.controls import Choices
from attnviz.ui.widgets.downloads import save_button
from attnviz.ui.widgets.figure_saving import save_figure


def save(key: TraceKey, trace: Trace, choices: Choices) -> None:
    """The figure as it will be saved, and a button for each kind of file.

    A file is made when its button is pressed.
    """
    spoken: Language = language()  # the session is gone when a file is made
    of = "" if key.kind is None else f"{key.kind}-"
    name = f"attnviz-{of}" + "-".join(f"L{head.layer}H{head.head}" for head in choices.heads)
    with lazy_popover(say("page.save", spoken), "save_open") as is_open:
        if is_open:
            with st.container(key="save_panel"):
                _ways(key, trace, choices, name, spoken)


def _ways(key: TraceKey, trace: Trace, choices: Choices, name: str, spoken: Language) -> None:
    """The figure, the numbers, the page."""
    explorer = _seen(trace, choices, spoken)
    save_figure(key, explorer, name)
    st.divider()
    with st.container(horizontal=True, key="save_numbers"):
        _numbers(trace, choices, name, spoken)
        save_button("npz", f"{name}.npz", "application/zip", lambda: as_npz(_every(key, trace)))
    save_button("html", f"{name}.html", "text/html", lambda: explorer.to_html().encode())


def _every(key: TraceKey, trace: Trace) -> Trace:
    """The trace with all its kinds of attention."""
    return trace if key.kind is None else traced(key.whole)


def _seen(trace: Trace, choices: Choices, spoken: Language) -> Explorer:
    """What is seen, as a picture of its own."""
    return explore(
        trace,
        choices.heads,
        choices.lens,
        combination=choices.combination,
        direction=choices.direction,
        arrangement=choices.arrangement,
        pins=[pin for pin in state.read(ViewState).pins if can_be_pinned(pin, trace)],
        language=spoken,
    )


def _numbers(trace: Trace, choices: Choices, name: str, spoken: Language) -> None:
    """CSV and JSON of what is drawn, as long as a spreadsheet could hold it."""
    heads = 1 if choices.combination else len(choices.heads)
    sides = (trace.query_tokens(), trace.key_tokens())
    queries, keys = (part.stop - part.start for part in choices.lens.parts(*sides))
    weights = heads * queries * keys
    too_many = weights > MOST_WEIGHTS

    def maps() -> tuple[Shown, ...]:
        return shown(trace, choices.heads, choices.lens, choices.combination)

    save_button(
        "csv",
        f"{name}.csv",
        "text/csv",
        lambda: as_csv(maps(), spoken).encode("utf-8-sig"),
        disabled=too_many,
    )
    save_button(
        "json",
        f"{name}.json",
        "application/json",
        lambda: as_json(maps(), spoken).encode(),
        disabled=too_many,
    )
    save_button(
        "parquet",
        f"{name}.parquet",
        "application/vnd.apache.parquet",
        lambda: as_parquet(maps(), spoken),
        disabled=too_many,
    )
    if too_many:
        st.caption(
            say("page.save_too_many", spoken, weights=f"{weights:,}", most=f"{MOST_WEIGHTS:,}")
        )
