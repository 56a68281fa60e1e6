"""The workspace: the chosen heads as lines, heatmaps, text or numbers, one tab at a time."""

from html import escape

import streamlit as st

from attnviz.analysis.frame import Table
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.export.numbers import as_frame
from attnviz.pictures.differences import pair_shown
from attnviz.pictures.heatmap import WIDE_FROM, ink_words
from attnviz.pictures.heatmap.beside import inks
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.lines.words import stroke_words
from attnviz.pictures.shown import Shown, shown
from attnviz.share.state import FOLDED, TABS, ViewState
from attnviz.texts import say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import figures
from attnviz.ui.frame import language, mode
from attnviz.ui.widgets.controls import Choices
from attnviz.ui.widgets.escape import markdown_text

LINES = "lines_picture"
LARGEST_TABLE = 40  # places for which the whole table is shown; beyond, one query's row
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
            heatmaps(key, trace, chosen, captioned=True)
        elif tab == "table":
            numbers(trace, chosen)
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
    with st.container(key="readings"):
        for one in views:
            colour = getattr(one.code, mode())
            text = escape(one.reading(language()))
            st.html(f'<p class="reading" style="color:{colour}">{text}</p>')


def _how(views: tuple[Shown, ...], tab: str) -> None:
    """Formulas, and how numbers become ink; what is hidden the pictures say themselves."""
    formulas = dict.fromkeys(one.formula(language()) for one in views)
    ink = {
        "lines": stroke_words(views, language()),
        "heatmaps": ink_words(views[0], language()),
        "table": say("page.table_note", language()),
    }
    kind = FOLDED_BY_VIEW.get(tab)
    if kind is not None and kind.how is not None:
        ink[tab] = kind.how(views[0], language())
    said = [*formulas, ink.get(tab, ""), *views[0].about(language())]
    if tab == "lines":
        said.append(say("lines.help", language()))
    for text in filter(None, said):
        st.caption(markdown_text(text))


def pictures(
    kind: PictureKind, key: TraceKey, trace: Trace, now: Choices, *, captioned: bool = False
) -> None:
    """The pictures of a kind: of heads A and B, of A against B, or of all that are combined."""
    if kind.takes == "pair":
        views = pair_shown(trace, now.heads, now.lens)
        if not views:
            same = "layer" if now.lens.is_of_layers else "head"
            st.caption(say(f"comparison.same_{same}", language()))
    else:
        heads = now.heads if now.combination else now.heads[:2]
        views = shown(trace, heads, now.lens, now.combination)
    for index, one in enumerate(views):
        try:
            packet = caches.packet_of(key, kind, one, language(), captioned=captioned)
        except ArgumentError as error:
            st.caption(markdown_text(error.text(language())))
            return
        figures.show_picture(kind.script.name, packet, f"{kind.view}_picture_{index}")
    if captioned and kind.help:
        st.caption(say(kind.help, language()))


def lines(key: TraceKey, trace: Trace, now: Choices, *, captioned: bool = False) -> None:
    """The lines of all chosen heads."""
    packet = caches.lines_of(key, now.lines, now.lens, language(), trace, captioned=captioned)
    figures.show_lines(packet, LINES)


def heatmaps(key: TraceKey, trace: Trace, now: Choices, *, captioned: bool = False) -> None:
    """The heatmaps of heads A and B, or of all that are combined; `captioned`, and of A − B."""
    heads = now.heads if now.combination else now.heads[:2]
    maps = shown(trace, heads, now.lens, now.combination)
    asked = captioned and now.combination is None
    pair = pair_shown(trace, now.heads, now.lens) if asked else ()
    if asked and not pair:
        st.caption(
            say(f"comparison.same_{'layer' if now.lens.is_of_layers else 'head'}", language())
        )
    maps += pair
    beside = len(maps[0].map.columns) < WIDE_FROM
    with st.container(key="heatmaps_beside" if beside else "heatmaps_wide"):
        for index, one in enumerate(maps):
            with st.container(key=f"heatmap_{index}"):
                _heatmap(key, one, index, captioned=captioned)


def _heatmap(key: TraceKey, one: Shown, index: int, *, captioned: bool) -> None:
    picture, caption = caches.heatmap_of(key, one, mode(), language(), captioned=captioned)
    figures.show_chart(picture, f"heatmap_picture_{index}", int(picture.figure.layout.height))
    if captioned:
        st.html(_inks(one))
    st.caption(markdown_text(caption))


def _inks(one: Shown) -> str:
    """How dark which weight is."""
    what = say(f"picture.{'value' if one.map.is_signed else 'weight'}", language())
    swatches = [
        f'<span style="background: {colour}"></span>{number}'
        for colour, number in inks(one, mode())
    ]
    return f'<p class="inks">{escape(what)} {" ".join(swatches)}</p>'


def numbers(trace: Trace, now: Choices) -> None:
    """The numbers of one of the chosen heads as a table."""
    maps = shown(trace, now.heads, now.lens, now.combination)
    names = [one.name(language()) for one in maps]
    _within("table_head", len(maps))
    place = st.selectbox(
        say("page.table_head", language()),
        range(len(maps)),
        format_func=names.__getitem__,
        **state.bound(ViewState, "table_head", "index", range(len(maps)), named=names.__getitem__),
    )
    seen = maps[place].map
    table, single = as_frame(seen), "of_queries"
    if max(table.shape) > LARGEST_TABLE:
        queries = [place.name for place in seen.rows]
        _within("table_query", len(queries))
        query = st.selectbox(
            say("picture.query", language()),
            range(len(queries)),
            format_func=queries.__getitem__,
            **state.bound(
                ViewState, "table_query", "index", range(len(queries)), named=queries.__getitem__
            ),
        )
        table, single = table.iloc[[query]].T, f"of_query_{query}"
    note = [say("page.table_note", language())]
    if seen.allowed is not None:
        note.append(say("page.table_not_allowed", language()))
    st.caption(" ".join([*note, *map(markdown_text, maps[place].notes(language()))]))
    with st.container(key=single):  # tells the selection which places are its rows
        st.table(_escaped(table))


def _within(name: str, count: int) -> None:
    """The first option in place of a choice, such as a link's, that there are too few for."""
    if getattr(state.read(ViewState), name) >= count:
        state.change(ViewState, **{name: 0})


def _escaped(table: Table) -> Table:
    """Names as data."""
    return table.rename(index=markdown_text, columns=markdown_text)
