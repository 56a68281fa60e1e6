"""What every page shares: its frame, and the way from one page to the next."""

import streamlit as st

from attnviz.ui import page, server
from attnviz.words import say

current = page.begin()
with st.spinner(say("progress.start", page.language())):
    server.start()
current.run()
