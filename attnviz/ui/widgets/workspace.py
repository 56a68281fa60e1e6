"""The workspace: the chosen heads as lines, heatmaps, text or numbers, one tab at a time."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.pictures.differences import pair_shown
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.lines.words import stroke_words
from attnviz.pictures.numbers import is_whole
from attnviz.pictures.shown import Shown, shown
from attnviz.share.state import FOLDED, TABS, ViewState
from attnviz.texts import running, say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import figures
from attnviz.ui.frame import language, mode
from attnviz.ui.widgets.controls import Choices
from attnviz.ui.widgets.escape import markdown_text

LINES = "lines_picture"
NUMBERS = "numbers_table"
MENU = 240  # px
TEXT_FROM = 60  # places: their lines are a thicket, and the text can still be read
FOLDED_BY_VIEW = {kind.view: kind for kind in FOLDED}


def workspace(key: TraceKey, trace: Trace, now: ViewState, chosen: Choices) -> None:
    """The tabs, what each head does, and the pictures of the tab that is open."""
    tab = tab_in_force(now, trace)
    st.segmented_control(
        say("workspace.tabs", language()),
        TABS,
        format_func=_tab_name,
        **state.shown("tab", tab, _take_tab, "default"),
        required=True,
        label_visibility="collapsed",
    )
    views = shown(trace, chosen.heads, chosen.lens, chosen.combination)
    _readings(views)
    with st.container(key=tab):
        if tab == "lines":
            lines(key, trace, chosen, captioned=True)
        elif tab == "heatmaps":
            heatmaps(key, trace, chosen)
        elif tab == "table":
            numbers(key, trace, chosen)
        else:
            pictures(FOLDED_BY_VIEW[tab], key, trace, chosen, captioned=True)
    with st.expander(say("workspace.how", language()), key="how"):
        _how(views, tab)


def tab_in_force(now: ViewState, trace: Trace) -> str:
    """The tab that is open: one that was chosen, or is named by a link of another time."""
    if now.tab is not None:
        return now.tab
    if now.table_open:
        return "table"
    for view in now.opened:
        return view if view in TABS else "heatmaps"
    is_long = len(trace.tokens) >= TEXT_FROM
    return "highlights" if is_long and "highlights" in TABS else "lines"


def _take_tab() -> None:
    state.change(ViewState, tab=state.taken("tab"), table_open=False, opened=())


def _tab_name(tab: str) -> str:
    return say(f"workspace.tab_{tab}", language())


def _readings(views: tuple[Shown, ...]) -> None:
    """What each head does here, first and large, in its colour."""
    lines = [
        f'<p class="reading" style="color:{getattr(one.code, mode())}">'
        f"{escape(one.reading(language()))}</p>"
        for one in views
    ]
    st.html(f'<div class="readings">{"".join(lines)}</div>')


def _how(views: tuple[Shown, ...], tab: str) -> None:
    """Formulas, and how numbers become ink; what is hidden the pictures say themselves."""
    formulas = dict.fromkeys(one.formula(language()) for one in views)
    ink = {
        "lines": stroke_words(views, language()),
        "table": say("page.table_note", language()),
    }
    kind = FOLDED_BY_VIEW.get(tab)
    if kind is not None and kind.how is not None:
        ink[tab] = kind.how(views[0], language())
    said = [*formulas, ink.get(tab, ""), *views[0].about(language())]
    if tab == "lines":
        said.append(say("lines.help", language()))
    st.caption("\n\n".join(markdown_text(text) for text in said if text))


def pictures(
    kind: PictureKind, key: TraceKey, trace: Trace, now: Choices, *, captioned: bool = False
) -> None:
    """The pictures of a kind: of heads A and B, of A against B, or of all that are combined."""
    if kind.takes == "pair":
        views = _pair(trace, now)
    else:
        heads = now.heads if now.combination else now.heads[:2]
        views = shown(trace, heads, now.lens, now.combination)
    _show([(kind, one) for one in views], key, captioned=captioned)


def _pair(trace: Trace, now: Choices) -> tuple[Shown, ...]:
    """A against B; where they are the same, it is said that there is nothing to compare."""
    views = pair_shown(trace, now.heads, now.lens)
    if not views:
        same = "layer" if now.lens.is_of_layers else "head"
        st.caption(say(f"comparison.same_{same}", language()))
    return views


def _show(views: Sequence[tuple[PictureKind, Shown]], key: TraceKey, *, captioned: bool) -> None:
    """Pictures of one kind, below or beside each other; A − B may be one of them."""
    try:
        drawn = [
            (kind.script.name, caches.packet_of(key, kind, one, language(), captioned=captioned))
            for kind, one in views
        ]
    except ArgumentError as error:
        st.caption(markdown_text(error.text(language())))
        return
    if not drawn:
        return
    first, one = views[0]
    figures.show_pictures(drawn, f"{first.view}_pictures", first.beside and first.beside(one.map))
    if captioned and first.help:
        st.caption(say(first.help, language()))


def lines(key: TraceKey, trace: Trace, now: Choices, *, captioned: bool = False) -> None:
    """The lines of all chosen heads."""
    packet = caches.lines_of(key, now.lines, now.lens, language(), trace, captioned=captioned)
    figures.show_lines(packet, LINES)


def heatmaps(key: TraceKey, trace: Trace, now: Choices) -> None:
    """The heatmaps of heads A and B and of A − B, or of all that are combined."""
    heads = now.heads if now.combination else now.heads[:2]
    kind = FOLDED_BY_VIEW["heatmaps"]
    views = [(kind, one) for one in shown(trace, heads, now.lens, now.combination)]
    if now.combination is None:
        views += [(FOLDED_BY_VIEW["comparison"], one) for one in _pair(trace, now)]
    _show(views, key, captioned=True)


def numbers(key: TraceKey, trace: Trace, now: Choices) -> None:
    """The numbers of one of the chosen heads as a table; of a long text, those of one query."""
    maps = shown(trace, now.heads, now.lens, now.combination)
    with st.container(horizontal=True):
        place = _one_of("table_head", "page.table_head", [one.name(language()) for one in maps])
        view, query = maps[place], 0
        if not is_whole(view):
            query = _one_of("table_query", "picture.query", [row.name for row in view.map.rows])
    note = [say("page.table_note", language())]
    if view.map.allowed is not None:
        note.append(say("page.table_not_allowed", language()))
    st.caption(markdown_text(running([*note, *view.notes(language())])))
    figures.show_numbers(caches.numbers_of(key, view, query, language()), NUMBERS)


def _one_of(field: str, label: str, names: Sequence[str]) -> int:
    """A menu for the place of one of some names; of a link that names none of them, the first."""
    places = range(len(names))
    if getattr(state.read(ViewState), field) >= len(names):
        state.change(ViewState, **{field: 0})
    place: int = st.selectbox(
        say(label, language()),
        places,
        format_func=names.__getitem__,
        **state.bound(ViewState, field, "index", places, named=names.__getitem__),
        width=MENU,
    )
    return place
