"""Starts attnviz: `streamlit run app.py`.

The page set-up and the navigation are in `attnviz/ui/server/main.py`: were they here, a link
straight to a page would be answered by the old `pages/` mechanism, past this file.
"""

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from attnviz.ui.server.first_paint import Look
from attnviz.ui.server.guard import Guard
from attnviz.ui.server.lifespan import SafeHeaders, health, say_unexpected, warm_up
from attnviz.ui.server.navigation import let_go_of_left_pages
from attnviz.ui.server.paths import MAIN
from attnviz.ui.server.reconnect import wait_for_first_runs

let_go_of_left_pages()
wait_for_first_runs()
app = st.App(
    str(MAIN),
    lifespan=warm_up,
    routes=[Route("/health", health)],
    middleware=[
        Middleware(SafeHeaders),
        Middleware(Guard),
        Middleware(GZipMiddleware, minimum_size=1024),  # Streamlit compresses nothing
        Middleware(Look),
    ],
    on_script_error=say_unexpected,
)
