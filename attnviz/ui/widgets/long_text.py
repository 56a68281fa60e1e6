"""A long text: what it costs is said before it is read, and a span of it is chosen."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from attnviz.core.card import ModelCard
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.share.state import ViewState
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.caches import TraceKey
from attnviz.ui.frame import language
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.progress import await_start

LONG = 1_024  # tokens from which it is said what a text costs
WHOLE_UP_TO = 512  # tokens: beyond, a span of the text is drawn until another is chosen
USUAL_WIDTH = 128  # tokens of it
SPANNED_FROM = 128  # tokens, from which a span can be chosen

Span = tuple[int, int]


@contextmanager
def cost_said(key: TraceKey, card: ModelCard) -> Iterator[None]:
    """While a long text is read, what that costs stands on the page.

    Raises:
        TextError: if it cannot be read.
        BusyError: if the model must be timed and there is no room for that now.
    """
    place = st.empty()
    characters = len(key.text) + len(key.pair or "")  # of fewer the cost is not said
    if min(card.max_tokens, characters) >= LONG and (sentence := _sentence(key)):
        place.info(markdown_text(sentence))
    yield
    place.empty()


def _sentence(key: TraceKey) -> str:
    """What it costs to read a text; nothing where it has few tokens."""
    await_start()
    from attnviz.capture.cost import cost  # and torch, which is here now
    from attnviz.capture.reading import read
    from attnviz.ui.widgets.loading import loaded

    model = loaded(key.model)
    tokens = len(read(key.text, key.pair, model).tokens)
    if tokens < LONG:
        return ""
    cost_of_text = cost(model, tokens)
    return say(
        "page.cost",
        language(),
        tokens=f"{tokens:,}",
        seconds=f"{max(1, round(cost_of_text.seconds)):,}",
        megabytes=f"{cost_of_text.bytes / 1e6:,.0f}",
        pairs=printed(tokens**2 / 1e6, 1),
    )


def span_of(tokens: int, view: ViewState) -> Span | None:
    """The span that is drawn: the chosen one, the beginning of a long text, or None: all of it."""
    if tokens <= SPANNED_FROM:
        return None
    if view.span is None:
        return (0, USUAL_WIDTH - 1) if tokens > WHOLE_UP_TO else None
    first = min(view.span[0], tokens - 1)
    return first, min(view.span[1], tokens - 1)


def framed(trace: Trace, view: ViewState) -> Span | None:
    """The span that the overview frames, where one can be chosen."""
    tokens = len(trace.tokens)
    return None if tokens <= SPANNED_FROM else span_of(tokens, view) or (0, tokens - 1)


def choose_span(trace: Trace, view: ViewState) -> None:
    """Two numbers: from which token to which one lines, maps and text are drawn."""
    span, last = framed(trace, view), len(trace.tokens) - 1
    if span is None:
        return

    def take_first() -> None:
        first: int = state.taken("span_first")
        wide = span[1] - span[0]
        end = span[1] if first <= span[1] else min(first + wide, last)
        state.change(ViewState, span=(first, end))

    def take_last() -> None:
        end: int = state.taken("span_last")
        state.change(ViewState, span=(min(span[0], end), end))

    for name, value, take in (("first", span[0], take_first), ("last", span[1], take_last)):
        st.number_input(
            say(f"page.span_{name}", language()),
            0,
            last,
            step=1,
            **state.shown(f"span_{name}", value, take),
            width=130,
        )
