"""The Explore page: a sentence in, every head of every layer out."""

import streamlit as st

from attnviz.models.load import Model
from attnviz.tracing.record import Trace
from attnviz.ui import caches, inputs
from attnviz.ui.caches import TraceKey
from attnviz.ui.escape import markdown_text
from attnviz.ui.page import clear_errors, header, language
from attnviz.ui.viewer import viewer
from attnviz.ui.working import with_progress
from attnviz.words import say

MANY_UNKNOWN = 0.2  # a share of [UNK] from which attention says little


def explore() -> None:
    """The whole page."""
    header("page.lead")
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
        inputs.set_default_heads((a, b), of=f"{model.name} {model.card.revision}")
        _warnings(trace)
        st.fragment(viewer)(key, trace, divergence)  # a change there reruns that alone


def _run(key: TraceKey, model: Model) -> Trace:
    def work(_: object) -> Trace:
        trace = caches.traced(key, model)
        caches.overview_of(key, trace)
        caches.most_different_of(key, trace)
        return trace

    return with_progress(work, language(), "read")


def _warnings(trace: Trace) -> None:
    """What the reader must know before looking."""
    most = trace.model.max_tokens
    for cut in trace.left_out:
        which = ("first", "second")[cut.segment]
        said = say(
            f"page.left_out_{which}", language(), most=most, tokens=cut.tokens, after=cut.after
        )
        st.warning(markdown_text(said))
    _unknown(trace)


def _unknown(trace: Trace) -> None:
    words = [token for token in trace.tokens if not token.is_special]
    unknown = sum(token.is_unknown for token in words)
    if not unknown:
        return
    share = unknown / len(words)
    show, key = (st.warning, "many") if share > MANY_UNKNOWN else (st.info, "some")
    show(
        markdown_text(
            say(
                f"page.unknown_{key}",
                language(),
                count=unknown,
                tokens=len(words),
                share=f"{100 * share:.0f} %",
            )
        )
    )
