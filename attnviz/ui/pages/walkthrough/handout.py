"""The print mode: one handout to keep, made from the same lessons."""

import streamlit as st

from attnviz.lessons.handout import handout
from attnviz.texts import say
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import TracedSentence, progress, trainings
from attnviz.ui.widgets.downloads import download


def print_page(sentence: TracedSentence) -> None:
    """What the handout holds, and the handout."""
    given = progress(), language(), trainings()  # the session is gone when the file is made

    def made() -> bytes:  # asked for when the button is pressed
        return handout(sentence.trace, *given).encode()

    st.markdown(say("walk.handout", language()))
    download(
        say("walk.save_handout", language()),
        made,
        "attnviz-handout.html",
        "text/html",
        key="handout",
        type="primary",
    )
