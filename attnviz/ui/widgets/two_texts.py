"""What an encoder–decoder wants besides a sentence: its target, and which attention is seen."""

import streamlit as st

from attnviz.core.card import ModelCard
from attnviz.core.tokens import MOST_GENERATED
from attnviz.core.trace import Trace
from attnviz.pictures.provenance import reading_notes
from attnviz.share.codec import KINDS
from attnviz.share.state import ExploreState, SentenceState
from attnviz.texts import running, say
from attnviz.ui import state
from attnviz.ui.frame import language
from attnviz.ui.widgets.controls import segments
from attnviz.ui.widgets.escape import markdown_text


def target_box(model: ModelCard) -> None:
    """The box for the target; nothing for models that write no text of their own."""
    if model.has_target:
        st.text_input(
            say("page.target", language()),
            **state.bound(SentenceState, "target"),
            placeholder=say("page.target_placeholder", language(), most=MOST_GENERATED),
        )


def attention_kinds(trace: Trace) -> None:
    """Which kind of attention is seen, where there are several."""
    if len(trace.kinds) > 1:
        segments(ExploreState, "kind", "page.kind", KINDS)


def notes(trace: Trace) -> None:
    """What a decoder read besides what was typed."""
    if notes := reading_notes(trace, language()):
        st.caption(markdown_text(running(notes)))
