"""What a reader must know about a sentence before looking at its attention."""

import streamlit as st

from attnviz.tracing.record import Trace
from attnviz.ui.escape import markdown_text
from attnviz.ui.page import language
from attnviz.words import say

MANY_UNKNOWN = 0.2  # a share of [UNK] from which attention says little


def show_warnings(trace: Trace) -> None:
    """What was left out, and what the model does not know."""
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
