"""The Explore page: a sentence in, every head of every layer out."""

import streamlit as st

from attnviz.link.state import EXPLORE
from attnviz.models.load import Model
from attnviz.tracing.record import Trace
from attnviz.ui import address, caches, inputs
from attnviz.ui.caches import TraceKey
from attnviz.ui.page import clear_errors, header, language
from attnviz.ui.viewer import viewer
from attnviz.ui.warnings import show_warnings
from attnviz.ui.working import with_progress


def explore() -> None:
    """The whole page."""
    address.open_link(EXPLORE)
    header("page.lead")
    address.show_dropped()
    typed, examples, chosen = st.columns([8, 2, 2.4])
    with typed:
        text, pair = inputs.sentences()
    with examples:
        inputs.examples()
    with clear_errors():
        with chosen:
            model = inputs.model()
        if model is None:
            return
        key = TraceKey(model.name, model.card.revision, text, pair)
        trace = _run(key, model)
        a, b, divergence = caches.most_different_of(key, trace)
        inputs.set_default_heads((a, b), f"{model.name} {model.card.revision}", trace.heads)
        show_warnings(trace)
        st.fragment(_viewer)(key, trace, divergence)  # a change there reruns that alone


def _viewer(key: TraceKey, trace: Trace, divergence: float) -> None:
    viewer(key, trace, divergence)
    address.keep_link(EXPLORE)


def _run(key: TraceKey, model: Model) -> Trace:
    def work(_: object) -> Trace:
        trace = caches.traced(key, model)
        caches.overview_of(key, trace)
        caches.most_different_of(key, trace)
        return trace

    return with_progress(work, language(), "read")
