"""The frame of every page: title, look, language, navigation."""

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.pictures.style import Mode
from attnviz.share.state import PageState
from attnviz.texts import LANGUAGES, Language, say
from attnviz.ui import state
from attnviz.ui.components import aloud, figures
from attnviz.ui.server.first_paint import style_element
from attnviz.ui.server.paths import ASSETS, PAGES
from attnviz.ui.state import SessionValue

_PAGES: SessionValue[tuple[Any, ...]] = SessionValue("pages", ())
_FIRST_LANGUAGE: SessionValue[Language | None] = SessionValue("first_language", None)
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


def begin() -> Any:
    """Set up the frame and return the page that the address asks for."""
    st.set_page_config(page_title="attnviz", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.html(style_element())
    figures.follow_scheme(mode())
    aloud.frame(language())
    pages = [
        st.Page(PAGES / "explore.py", title=say("page.explore", language()), default=True),
        st.Page(PAGES / "train.py", title=say("page.train", language())),
        st.Page(PAGES / "walkthrough.py", title=say("page.walkthrough", language())),
        st.Page(PAGES / "about.py", title=say("page.about", language())),
    ]
    _PAGES.put(tuple(pages))
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
        for link in _PAGES.get():
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
        state.change(PageState, language=code)


def language() -> Language:
    """The language of this session: the chosen one, else that of the link, else the browser's."""
    if saved := state.read(PageState).language:
        return saved
    if (first := _FIRST_LANGUAGE.get()) is None:  # asked for by every text: found out once
        browsers: Language = "zh" if (st.context.locale or "").startswith("zh") else "en"
        links = (code for code in LANGUAGES if code == st.query_params.get("lang"))
        first = next(links, None) or browsers
        _FIRST_LANGUAGE.put(first)
    return first


def mode() -> Mode:
    """Light or dark, as the browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def came_back() -> bool:
    """Whether this run answers the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def runs_in_part() -> bool:
    """Whether this run is of a part of the page alone, which stands already."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def is_embedded() -> bool:
    """Whether this page stands in a frame of another one (`?embed=true`)."""
    return bool(st.context.is_embedded)
