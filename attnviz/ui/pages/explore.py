"""The Explore page: a sentence in, every head of every layer out."""

import streamlit as st

from attnviz.core.trace import Trace
from attnviz.models.load import Model
from attnviz.runtime.queue import in_turn
from attnviz.share.state import EXPLORE
from attnviz.texts import say
from attnviz.ui import address, caches
from attnviz.ui.caches import TraceKey
from attnviz.ui.frame import clear_errors, fragment, header, is_embedded, language
from attnviz.ui.widgets import inputs, last_shown
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.sharing import share
from attnviz.ui.widgets.viewer import embedded_viewer, viewer
from attnviz.ui.widgets.warnings import show_warnings


def explore() -> None:
    """The whole page."""
    address.open_link(EXPLORE)
    if is_embedded():
        _embedded()
        return
    header("page.lead")
    dropped = st.container()
    _body()
    with dropped:
        address.show_dropped()


def _body() -> None:
    typed, examples, menu = st.columns([8, 2, 2.4])
    with typed:
        text, pair = inputs.sentences()
    with examples:
        inputs.examples()
    last_shown.begin()
    with clear_errors():
        with menu:
            model = inputs.model()
        if model is not None:
            _see(TraceKey(model.name, model.card.revision, text, pair), model)
    if (stood := last_shown.standing()) is not None:
        with clear_errors():
            _see(*stood)


def _see(key: TraceKey, model: Model) -> None:
    trace = _run(key, model)
    last_shown.keep(key)
    divergence = _heads(key, model, trace)
    show_warnings(trace)
    # A change there reruns that alone. Streamlit keeps what it is given as long as the page is
    # open: so it is given what names the trace, and not the trace.
    fragment(_viewer)(key, divergence)


def _embedded() -> None:
    """Chosen parts alone, for a frame in somebody else's page."""
    dropped = st.container()
    _parts()
    with dropped:
        address.show_dropped()


def _parts() -> None:
    with clear_errors():
        model = inputs.linked_model()
        if model is None:
            return
        text, pair = inputs.typed()
        key = TraceKey(model.name, model.card.revision, text, pair)
        trace = _run(key, model)
        _heads(key, model, trace)
        show_warnings(trace)
        fragment(_embedded_viewer)(key)
        full = address.address(address.current_link(EXPLORE).params)
        st.link_button(say("share.open_full", language()), full, type="tertiary")


def _embedded_viewer(key: TraceKey) -> None:
    embedded_viewer(key, _run(key, inputs.loaded(key.model)))


def _heads(key: TraceKey, model: Model, trace: Trace) -> float:
    """Put the most different heads in A and B, unless others were chosen; how different."""
    a, b, divergence = caches.most_different_of(key, trace)
    inputs.set_default_heads((a, b), f"{model.name} {model.card.revision}", trace.heads)
    return divergence


def _viewer(key: TraceKey, divergence: float) -> None:
    trace = _run(key, inputs.loaded(key.model))
    viewer(key, trace, divergence, lambda: share("explore", EXPLORE))
    address.keep_link(EXPLORE)


def _run(key: TraceKey, model: Model) -> Trace:
    """The trace, and what is drawn of it first: in one turn, so that few wait with a trace."""
    known = caches.all_known(key)

    def work(_: object) -> Trace:
        with in_turn(is_light=caches.is_light(key)):
            trace = caches.traced(key, model)
            caches.overview_of(key, trace)
            caches.most_different_of(key, trace)
        return trace

    return known or with_progress(work, language(), "read")
