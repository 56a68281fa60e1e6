"""The frame of every page: title, look, language, navigation."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.errors import AttnvizError, BusyError
from attnviz.pictures.style import Mode
from attnviz.texts import LANGUAGES, Language, say
from attnviz.ui import state
from attnviz.ui.components import aloud, figures
from attnviz.ui.server.first_paint import LOOK
from attnviz.ui.server.paths import ASSETS, PAGES
from attnviz.ui.widgets.escape import markdown_text

P = ParamSpec("P")
AGAIN_SECONDS = 4.0  # after which a page asks anew for what was refused
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


def begin() -> Any:
    """Set up the frame and return the page that the address asks for."""
    st.set_page_config(page_title="attnviz", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.html(LOOK)
    figures.follow_scheme(mode())
    aloud.frame(language())
    pages = [
        st.Page(PAGES / "explore.py", title=say("page.explore", language()), default=True),
        st.Page(PAGES / "train.py", title=say("page.train", language())),
        st.Page(PAGES / "walkthrough.py", title=say("page.walkthrough", language())),
        st.Page(PAGES / "about.py", title=say("page.about", language())),
    ]
    st.session_state.pages = pages
    current = st.navigation(pages, position="hidden")
    state.visit(current.url_path)
    return current


def header(lead: str) -> None:
    """The name, one sentence on what one sees, and the language switch.

    An embedded page has none of them: it is a picture in somebody else's page.
    """
    if is_embedded():
        return
    with st.container(key="header", horizontal=True, vertical_alignment="center"):
        st.markdown("# attnviz")
        for link in st.session_state.get("pages", []):
            st.page_link(link)
        st.markdown(say(lead, language()))
        st.segmented_control(
            say("page.language", language()),
            LANGUAGES,
            format_func=lambda code: LANGUAGE_NAMES[code],
            **state.shown("language_switch", language(), _take_language, "default"),
            required=True,
            label_visibility="collapsed",
        )


def _take_language() -> None:
    """Keep the choice where a change of page does not forget it."""
    code = state.taken("language_switch")
    if code and code != language():
        state.put(language=code)


def language() -> Language:
    """The language of this session: the chosen one, else that of the link, else the browser's."""
    if now := state.values().get("language"):
        taken: Language = now
        return taken
    if "first_language" not in st.session_state:  # asked for by every text, so it is found out once
        browsers: Language = "zh" if (st.context.locale or "").startswith("zh") else "en"
        links = (code for code in LANGUAGES if code == st.query_params.get("lang"))
        st.session_state.first_language = next(links, browsers)
    first: Language = st.session_state.first_language
    return first


def mode() -> Mode:
    """Light or dark, as the browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def came_back() -> bool:
    """Whether this run answers the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def is_embedded() -> bool:
    """Whether this page stands in a frame of another one (`?embed=true`)."""
    return bool(st.context.is_embedded)


@contextmanager
def clear_errors() -> Iterator[None]:
    """An expected failure becomes its sentence, and what follows in the block is skipped."""
    try:
        yield
    except AttnvizError as problem:
        show_error(problem)


def show_error(problem: AttnvizError) -> None:
    """The sentence of an expected failure; what was refused for now is tried again by itself."""
    st.error(markdown_text(problem.text(language())))
    if isinstance(problem, BusyError):
        st.session_state.is_refused = True
        st.fragment(_try_again, run_every=AGAIN_SECONDS)()


def _try_again() -> None:
    """Run the page anew; but not in the run that was refused."""
    if not st.session_state.pop("is_refused", False):
        st.rerun()


def run_whole_page() -> None:
    """In a callback: what it changed is more than the part of the page that it belongs to."""
    st.session_state.is_whole_page_due = True


def fragment(work: Callable[P, None], *, run_every: float | None = None) -> Callable[P, None]:
    """A part of the page that runs anew alone; its expected failures are sentences, too."""

    @wraps(work)
    def guarded(*given: P.args, **named: P.kwargs) -> None:
        if st.session_state.pop("is_whole_page_due", False):
            st.rerun()
        with clear_errors():
            work(*given, **named)

    return st.fragment(guarded, run_every=run_every)


@st.cache_resource(show_spinner=False)
def settle(loaded: str) -> None:
    """Take what a loaded model keeps for good out of the garbage collector's walks."""
    del loaded
    gc.collect()
    gc.freeze()
