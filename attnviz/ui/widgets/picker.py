"""The head picker: all heads as tiles, by layer or sorted by a measure; a click chooses one."""

from functools import partial

import numpy as np
import streamlit as st

from attnviz.analysis.lens import Lens
from attnviz.analysis.measures import measures
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.errors import CaptureError
from attnviz.pictures.overview import Ranked
from attnviz.share.state import BY_LAYER, SORTS, ViewState
from attnviz.texts import Language, say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import figures
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets import long_text
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.heads import Different, choose_head, heads_shown
from attnviz.ui.widgets.progress import with_progress

OVERVIEW = "overview_picture"
DECIMALS = 3  # of the value under a tile
_WANTS_MOST_DIFFERENT = SessionValue("wants_most_different", False)


def sort_and_pair(view: ViewState) -> None:
    """What the tiles are sorted by, and the pair that differs most."""
    of_layers = Lens(map=view.map).is_of_layers
    options = (BY_LAYER,) if of_layers else SORTS
    shown = BY_LAYER if of_layers else view.sort_by
    with st.container(key="sort_row", horizontal=True, vertical_alignment="center"):
        st.selectbox(
            say("picker.sort", language()),
            options,
            format_func=partial(_sort_name, language()),
            **state.shown("sort_by", shown, _take_sort, "index", options),
            disabled=of_layers,
            label_visibility="collapsed",
            width=300,
        )
        st.button(
            say("picker.most_different", language()),
            **state.pressed("most_different", partial(_WANTS_MOST_DIFFERENT.put, True)),
        )


def _sort_name(spoken: Language, by: str) -> str:
    title = say("picker.layer" if by == BY_LAYER else f"measure.{by}", spoken)
    return say("picker.sorted_by", spoken, what=title)


def _take_sort() -> None:
    state.change(ViewState, sort_by=state.taken("sort_by"))


def take_most_different(key: TraceKey, trace: Trace) -> None:
    """Put the two most different heads in A and B, if the button was pressed."""
    if not _WANTS_MOST_DIFFERENT.pop():
        return
    work = partial(caches.most_different_of, key, trace)
    a, b, _ = with_progress(lambda _: work(), language(), "draw")
    state.change(ViewState, a=a, b=b)


def overview(
    key: TraceKey, trace: Trace, view: ViewState, usual: Different, *, captioned: bool = False
) -> None:
    """The tiles; they or the page around them name the model. The selection frames the chosen."""
    heads = heads_shown(view, usual)
    drawn = caches.overview_of(key, trace, kind=view.map)
    of_layers = Lens(map=view.map).is_of_layers  # the callback outlives the run: no trace in it

    def take() -> None:
        if choice := figures.picked(OVERVIEW):
            layer, head = int(choice["layer"]), int(choice["head"])
            slot = choice["slot"]
            if of_layers:  # a tile is a layer: the head in it stays
                layer, head = head, heads[slot == "B"].head
            choose_head(slot, HeadId(layer, head, key.kind or "self"), usual)

    ranked = None if of_layers else _ranked(key, trace, view.sort_by)
    span = long_text.framed(trace, view)
    packet = drawn.packet(None, None, language(), (), ranked, captioned=captioned, span=span)
    figures.show_overview(packet, OVERVIEW, on_picked=take, on_spanned=_take_span)


def _take_span() -> None:
    if span := figures.spanned(OVERVIEW):
        state.change(ViewState, span=(int(span["first"]), int(span["last"])))


def _ranked(key: TraceKey, trace: Trace, by: str) -> Ranked | None:
    """All heads by a measure, the largest first; those of which it says nothing come last."""
    if by == BY_LAYER:
        return None
    try:
        values = caches.measured(key, trace)[by].to_numpy()
    except CaptureError as error:
        st.caption(markdown_text(error.text(language())))
        return None
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    written = ["–" if np.isnan(value) else printed(float(value), DECIMALS) for value in values]
    return Ranked([trace.heads[n] for n in order], [written[n] for n in order])


def sort_words(by: str) -> str:
    """The formula of what the tiles are sorted by; nothing of layers."""
    sorting = [measure for measure in measures() if measure.name == by]
    return "".join(f"{one.formula(language())} ({one.unit_name(language())})" for one in sorting)
