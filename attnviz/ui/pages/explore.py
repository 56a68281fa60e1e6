"""The Explore page: a sentence in, every head of every layer out."""

from dataclasses import replace

import streamlit as st

from attnviz.core.card import ModelCard
from attnviz.core.trace import Trace
from attnviz.models.progress import Progress
from attnviz.runtime.queue import in_turn
from attnviz.share.state import EXPLORE, ExploreState
from attnviz.texts import say
from attnviz.ui import address, caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.errors import clear_errors, fragment
from attnviz.ui.frame import header, is_embedded, language
from attnviz.ui.widgets import last_shown, opening, weights_file
from attnviz.ui.widgets.heads import Different, fit_heads
from attnviz.ui.widgets.long_text import cost_said
from attnviz.ui.widgets.model import OTHER, card_of, linked_model, model_name
from attnviz.ui.widgets.predictions import show_predictions
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.sentence import chips, chosen_sentence, growing_boxes
from attnviz.ui.widgets.sharing import share
from attnviz.ui.widgets.two_texts import attention_kinds, notes, target_box
from attnviz.ui.widgets.viewer import embedded_viewer, viewer
from attnviz.ui.widgets.warnings import show_warnings
from attnviz.ui.widgets.weights_file import opened_weights


def explore() -> None:
    """The whole page."""
    address.open_link(EXPLORE)
    view = state.read(ExploreState)
    if is_embedded():
        dropped = st.container()
        _embedded(view)
    else:
        header("page.lead")
        dropped = st.container()
        _body(view)
    with dropped:
        address.show_dropped()


def _body(view: ExploreState) -> None:
    sentence = chosen_sentence(view)
    with st.container(key="sentence_row"):
        boxes, menu_of_models = st.columns([10, 2.4])
    with boxes:
        growing_boxes(sentence)
    chips(sentence)
    last_shown.begin()
    with clear_errors():
        with menu_of_models:
            name = model_name()
            weights = opened_weights() if view.model == OTHER else None
        if weights is not None:
            _see_weights(weights)
            return
        with menu_of_models:
            card = card_of(name) if name else None
        if card is not None:
            with boxes:
                target_box(card)
            _see(TraceKey.of(card, *sentence, view.target, view.kind), card)
    if (last := last_shown.last()) is not None:
        with clear_errors():
            _see(*last)


def _see(key: TraceKey, card: ModelCard) -> None:
    trace = _run(key, card)
    last_shown.keep(key)
    usual = _fitted(key, trace)
    whole_trace = caches.traced(key.whole)
    show_warnings(whole_trace)
    notes(whole_trace)
    attention_kinds(whole_trace)
    # A change there reruns that alone. Streamlit keeps what it is given as long as the page is
    # open: so it is given what names the trace, and not the trace.
    fragment(_viewer)(key, usual)


def _see_weights(key: TraceKey) -> None:
    """The weights of a file. No link can hold them: there is none to share."""
    trace = caches.traced(key)
    weights_file.about(trace)
    fragment(_weights_viewer)(key, weights_file.pair_of(key, trace))


def _weights_viewer(key: TraceKey, usual: Different) -> None:
    viewer(key, caches.traced(key), usual, lambda: None)


def _viewer(key: TraceKey, usual: Different) -> None:
    if key.kind not in (None, state.read(ExploreState).kind):  # a head of another one was chosen
        st.rerun()
    trace = _run(key, card_of(key.model))
    show_predictions(key, caches.traced(key.whole))
    viewer(key, trace, usual, lambda: share("explore", _seen(key, usual)))
    address.keep_link(_seen(key, usual))


def _seen(key: TraceKey, usual: Different) -> ExploreState:
    view = opening.as_linked(address.without_defaults(state.read(ExploreState)), usual)
    if key.kind is None:  # what was chosen for an encoder–decoder waits for the next one
        view = replace(view, target=ExploreState.target, kind=ExploreState.kind)
    if not key.pair:  # so does the filter between the texts of a pair
        view = replace(view, between=ExploreState.between)
    return view


def _embedded(view: ExploreState) -> None:
    """Chosen parts alone, for a frame in somebody else's page."""
    with clear_errors():
        name = linked_model(view)
        if name is None:
            return
        card = card_of(name)
        key = TraceKey.of(card, *chosen_sentence(view), view.target, view.kind)
        trace = _run(key, card)
        usual = _fitted(key, trace)
        show_warnings(caches.traced(key.whole))
        fragment(_embedded_viewer)(key, usual)
        full = address.address(address.current_link(_seen(key, usual)).params)
        st.link_button(say("share.open_full", language()), full, type="tertiary")


def _embedded_viewer(key: TraceKey, usual: Different) -> None:
    embedded_viewer(key, _run(key, card_of(key.model)), state.read(ExploreState), usual)


def _fitted(key: TraceKey, trace: Trace) -> Different:
    """The heads with which it opens, which are seen unless others of this model were chosen."""
    usual = opening.usual_pair(key, trace)
    address.drop(*map(str, fit_heads(key.whose_heads, trace.heads, usual)))
    opening.begin(key, usual)
    return usual


def _run(key: TraceKey, card: ModelCard) -> Trace:
    """The trace, and what is drawn of it first: in one turn, so that few wait with a trace."""
    traces = caches.all_known(key)

    def work(report: Progress) -> Trace:
        with in_turn(is_light=caches.is_light(key)):
            trace = caches.traced(key, progress=report)
            caches.overview_of(key, trace, report)
            caches.opening_pair_of(key, trace, report)
        return trace

    if traces is not None:
        return traces
    with cost_said(key, card):
        return with_progress(work, language(), "read")
