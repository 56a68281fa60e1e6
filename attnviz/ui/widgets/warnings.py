"""What a reader must know about a sentence before looking at its attention."""

from collections.abc import Iterator

import streamlit as st

from attnviz.core.characters import visible
from attnviz.core.trace import Trace
from attnviz.texts import running, say
from attnviz.ui.frame import language
from attnviz.ui.widgets import own_models
from attnviz.ui.widgets.escape import markdown_text

MANY_UNKNOWN = 0.2  # a share of [UNK] from which attention says little
_REASONS = ("sign", "long", "typed")
_SIGNS_LISTED = 12


def show_warnings(trace: Trace) -> None:
    """What was left out, what was dropped, and what the model does not know.

    In a place that is there in any case: what stands below it is not made anew, with all that it
    remembers, when there is something to warn of.
    """
    with st.container():
        _warnings(trace)


def _warnings(trace: Trace) -> None:
    most = trace.model.max_tokens
    for cut in trace.left_out:
        text_name = ("first", "second", "target")[cut.segment]
        notice = say(
            f"page.left_out_{text_name}", language(), most=most, tokens=cut.tokens, after=cut.after
        )
        st.warning(markdown_text(notice))
    if trace.dropped:
        st.info(markdown_text(_dropped(trace)))
    if trace.unknown:
        many = _share(trace) > MANY_UNKNOWN
        show = st.warning if many else st.info
        show(markdown_text(running(_unknown(trace, many))))
        own_models.offer(trace)
    _target_unknown(trace)


def _target_unknown(trace: Trace) -> None:
    """Blanks in a target that was typed."""
    tokens = [token for token in trace.sequences.get("target", ()) if not token.is_special]
    blanks = [token for token in tokens if token.is_unknown]
    if blanks:
        sizes = {"count": len(blanks), "tokens": len(tokens)}
        notice = say("page.target_unknown", language(), blank=blanks[0].piece, **sizes)
        st.info(markdown_text(notice))


def _dropped(trace: Trace) -> str:
    signs = _listed([visible(c) for c in trace.dropped])
    return say("page.dropped", language(), count=len(trace.dropped), which=signs)


def _share(trace: Trace) -> float:
    """Of the tokens that are not special, how many are blanks to the model."""
    return len(trace.unknown) / sum(not token.is_special for token in trace.tokens)


def _unknown(trace: Trace, many: bool) -> Iterator[str]:
    """How many blanks there are, why, and what to do."""
    tokens = [token for token in trace.tokens if not token.is_special]
    blank = trace.tokens[trace.unknown[0].position].piece
    yield say(
        "page.unknown",
        language(),
        count=len(trace.unknown),
        tokens=len(tokens),
        share=f"{100 * _share(trace):.0f} %",
        blank=blank,
    )
    by_reason = {
        reason: [word for word in trace.unknown if word.reason == reason] for reason in _REASONS
    }
    for reason, words in by_reason.items():
        if words:
            signs = _listed([visible(sign) for word in words for sign in word.signs])
            values = {"count": len(words), "which": signs, "most": words[0].most, "blank": blank}
            yield say(f"page.unknown_{reason}", language(), **values)
    if many:
        yield say("page.unknown_many", language())
    if len(by_reason["sign"]) / len(tokens) > MANY_UNKNOWN:
        yield say("page.unknown_language", language())


def _listed(signs: list[str]) -> str:
    """Each sign once, in the order of the text, up to a few."""
    distinct = list(dict.fromkeys(signs))
    return " ".join(distinct[:_SIGNS_LISTED]) + (" …" if len(distinct) > _SIGNS_LISTED else "")
