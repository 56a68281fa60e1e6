"""The Explore page: a sentence in, every head of every layer out."""

import streamlit as st

from attnviz.link.state import EXPLORE
from attnviz.models.load import Model
from attnviz.tracing.record import Trace
from attnviz.ui import address, caches, inputs, last
from attnviz.ui.caches import TraceKey
from attnviz.ui.page import clear_errors, header, is_embedded, language
from attnviz.ui.sharing import share
from attnviz.ui.viewer import embedded_viewer, viewer
from attnviz.ui.warnings import show_warnings
from attnviz.ui.working import with_progress
from attnviz.words import say


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
    last.begin()
    with clear_errors():
        with menu:
            model = inputs.model()
        if model is not None:
            _see(TraceKey(model.name, model.card.revision, text, pair), model)
    if (stood := last.standing()) is not None:
        with clear_errors():
            _see(*stood)


def _see(key: TraceKey, model: Model) -> None:
    trace = _run(key, model)
    last.keep(key)
    divergence = _heads(key, model, trace)
    show_warnings(trace)
    st.fragment(_viewer)(key, trace, divergence)  # a change there reruns that alone


def _embedded() -> None:
    """Chosen parts alone, for a frame in somebody else's page."""
    with clear_errors():
        model = inputs.linked_model()
        if model is None:
            return
        text, pair = inputs.typed()
        key = TraceKey(model.name, model.card.revision, text, pair)
        trace = _run(key, model)
        _heads(key, model, trace)
        show_warnings(trace)
        st.fragment(embedded_viewer)(key, trace)
        full = address.address(address.current_link(EXPLORE).params)
        st.link_button(say("share.open_full", language()), full, type="tertiary")


def _heads(key: TraceKey, model: Model, trace: Trace) -> float:
    """Put the most different heads in A and B, unless others were chosen; how different."""
    a, b, divergence = caches.most_different_of(key, trace)
    inputs.set_default_heads((a, b), f"{model.name} {model.card.revision}", trace.heads)
    return divergence


def _viewer(key: TraceKey, trace: Trace, divergence: float) -> None:
    viewer(key, trace, divergence, lambda: share("explore", EXPLORE))
    address.keep_link(EXPLORE)


def _run(key: TraceKey, model: Model) -> Trace:
    def work(_: object) -> Trace:
        trace = caches.traced(key, model)
        caches.overview_of(key, trace)
        caches.most_different_of(key, trace)
        return trace

    return with_progress(work, language(), "read")
