"""What every page shares: its frame, and the way from one page to the next."""

import streamlit as st

from attnviz.texts import say
from attnviz.ui import frame, state
from attnviz.ui.server import lifespan
from attnviz.ui.widgets.progress import await_start

current = frame.begin()
if current.url_path:
    await_start()
elif not lifespan.is_open():
    with st.spinner(say("progress.start", frame.language())):
        lifespan.open_first_page()
try:
    current.run()
finally:
    lifespan.first_page_is_drawn()


@st.fragment(run_every=3600)
def stay() -> None:
    """Nothing to see: a page that asks for news now and then also asks when it reconnects.

    Without that the first run of the new session is the person's next change, and opening
    the address would undo it.
    """


stay()
if state.take_what_was_brought():
    st.rerun()
