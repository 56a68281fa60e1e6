"""A file of weights that any framework computed, opened in the page in the place of a model."""

import hashlib
from dataclasses import replace

import streamlit as st

from attnviz.core.trace import Trace
from attnviz.core.weights_file import read_weights
from attnviz.errors import AttnvizError
from attnviz.share.state import ViewState
from attnviz.texts import say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.errors import show_error
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets import opening
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.heads import Different, fit_heads

LARGEST = 16  # MB of a file
_OPENED: SessionValue[tuple[TraceKey, Trace] | None] = SessionValue("weights_opened", None)


def opened_weights() -> TraceKey | None:
    """The key of the weights of a file that is open; None: a model is seen."""
    with st.popover(say("weights.open", language())):
        file = st.file_uploader(
            say("weights.file", language(), megabytes=LARGEST),
            ["npz", "json"],
            key="weights_file",
            max_upload_size=LARGEST,
        )
    if file is None:
        _OPENED.forget()
        return None
    content = file.getvalue()
    name = f"file:{hashlib.sha256(content).hexdigest()}"
    opened = _OPENED.get()
    if opened is None or opened[0].model != name:
        try:
            trace = read_weights(content, file.name)
        except AttnvizError as problem:
            show_error(problem)
            return None
        (kind,) = trace.kinds
        key = TraceKey(name, name, file.name, None, None, None if kind == "self" else kind)
        _OPENED.put(opened := (key, trace))
    caches.hold_given(*opened)
    return opened[0]


def pair_of(key: TraceKey, trace: Trace) -> Different:
    """The two heads with which it opens; the first two where rows are no distributions."""
    try:
        usual = opening.usual_pair(key, trace)
    except AttnvizError:
        usual = Different(trace.heads[0], trace.heads[min(1, len(trace.heads) - 1)], 0.0)
        view = state.read(ViewState)
        if view.a is None and view.b is None:  # chosen by nobody, and not the most different
            state.write(replace(view, a=usual.a, b=usual.b))
    fit_heads(key.whose_heads, trace.heads, usual)
    return usual


def about(trace: Trace) -> None:
    """What is seen, and how the model comes back."""
    st.caption(markdown_text(say("weights.seen", language(), title=trace.model.title)))
