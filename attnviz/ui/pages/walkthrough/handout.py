"""The print mode: a handout to keep and a worksheet to write on, made from the same lessons."""

from collections.abc import Callable

import streamlit as st

from attnviz.lessons.handout import handout, worksheet
from attnviz.texts import say
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import (
    TracedSentence,
    progress,
    start_link,
    trainings,
)
from attnviz.ui.widgets.downloads import download


def print_page(sentence: TracedSentence) -> None:
    """What the two files hold, and the files."""
    session_values = progress(), language(), trainings(), start_link()  # the session is gone later
    spoken, link = language(), start_link()
    st.markdown(say("walk.handout", language()))
    _file("handout", lambda: handout(sentence.trace, *session_values), is_first=True)
    st.markdown(say("walk.worksheet", language()))
    _file("worksheet", lambda: worksheet(sentence.trace, spoken, link))


def _file(name: str, made: Callable[[], str], *, is_first: bool = False) -> None:
    """A button that makes a file when it is pressed."""
    download(
        say(f"walk.save_{name}", language()),
        lambda: made().encode(),
        f"attnviz-{name}.html",
        "text/html",
        key=name,
        type="primary" if is_first else "secondary",
    )
