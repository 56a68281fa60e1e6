"""Sharing what one sees: its link, a frame for another page, a file where a link is too short."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal

import streamlit as st

from attnviz.pictures.lines import panels_of
from attnviz.pictures.style import MOST_HEADS
from attnviz.share.state import (
    LONG,
    USUAL_ARRANGEMENT,
    USUAL_VIEWS,
    VIEWS,
    PageState,
    ViewState,
    fields_of,
)
from attnviz.texts import say
from attnviz.ui import address, state
from attnviz.ui.components.figures import lazy_popover
from attnviz.ui.errors import run_whole_page
from attnviz.ui.frame import language
from attnviz.ui.state import Then

PageName = Literal["explore", "train", "walkthrough"]
THEMES = ("auto", "light", "dark")
_HEIGHTS = {"overview": 520, "heatmaps": 560, "table": 700}  # px, at a course page's width
_HEIGHT = 640  # of any other view
_LISTENER = (
    '<script>addEventListener("message", ({ data, source }) => {'
    ' for (const f of document.querySelectorAll("iframe"))'
    " if (f.contentWindow === source && data.attnvizHeight) f.height = data.attnvizHeight;"
    " });</script>"
)


def share(page: PageName, seen: PageState, on_opened: Then | None = None) -> None:
    """A popover with everything that brings this view to somebody else.

    `seen` is the page's state as it is seen; `on_opened` runs when a saved view is in force.
    """
    with lazy_popover(say("share.share", language()), "share_open") as is_open:
        if is_open:
            _ways(page, seen, on_opened)


def _ways(page: PageName, seen: PageState, on_opened: Then | None) -> None:
    link = address.current_link(seen)
    if link.too_long:
        st.warning(say("share.too_long", language()))
    else:
        st.caption(say("share.link", language()))
        st.code(address.address(link.params), language=None, wrap_lines=True)
        if page == "explore":
            _frame(link.params)
    _file(page, seen, on_opened)


def _frame(params: Mapping[str, str]) -> None:
    """The snippet that shows chosen parts of this view in another page."""
    views = st.multiselect(
        say("share.views", language()),
        VIEWS,
        ["lines"],
        format_func=lambda view: say(f"share.view_{view}", language()),
        key="share_views",
    )
    theme = st.segmented_control(
        say("share.theme", language()),
        THEMES,
        default=THEMES[0],
        format_func=lambda theme: say(f"share.theme_{theme}", language()),
        key="share_theme",
        required=True,
    )
    frame = {"views": "-".join(views), "lang": language(), "embed": "true"}
    if theme != THEMES[0]:
        frame["embed_options"] = f"{theme}_theme"
    shown = {name: text for name, text in {**params, **frame}.items() if name != LONG and text}
    source = escape(address.address(shown))
    st.caption(say("share.frame", language()))
    st.code(
        f'<iframe src="{source}" width="100%" height="{_height(views)}" '
        f'style="border:0" title="attnviz" loading="lazy"></iframe>\n{_LISTENER}',
        language=None,
        wrap_lines=True,
    )


def _height(views: Sequence[str]) -> int:
    """Px before the frame has told its own height, or where scripts are not allowed."""
    page_state = state.read(ViewState)
    heads = min(MOST_HEADS, 2 + len(page_state.more))
    panels = len(panels_of(heads, page_state.arrangement or USUAL_ARRANGEMENT))
    tall = {**_HEIGHTS, "lines": 120 + 440 * panels}
    return 60 + sum(tall.get(view, _HEIGHT) for view in views or USUAL_VIEWS)


def _file(page: PageName, seen: PageState, on_opened: Then | None) -> None:
    """The view as a file, and a place to open one."""
    view = address.as_file(page, seen)
    label = say("share.save_view", language())
    st.download_button(label, view.data, view.name, "application/json", key="save_view")

    def take() -> None:
        file = state.taken("view_file")
        if file is not None:
            is_taken = address.open_file(file.getvalue(), page, fields_of(type(seen)))
            if on_opened is not None and is_taken:
                on_opened()
            run_whole_page()

    st.file_uploader(
        say("share.open_view", language()),
        "json",
        key="view_file",
        on_change=take,
        max_upload_size=1,
    )
