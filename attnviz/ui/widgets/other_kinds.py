"""The other kinds of attention of an encoder–decoder, beside the one that is looked at."""

import streamlit as st

from attnviz.core.heads import HeadId, Kind
from attnviz.share.codec import KINDS
from attnviz.share.state import ExploreState
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import figures
from attnviz.ui.frame import language
from attnviz.ui.widgets.heads import choose_aside


def other_kinds(key: TraceKey) -> None:
    """All heads of the kinds that are not chosen, as tiles: a click chooses head and kind."""
    if key.kind is None:
        return
    kinds = caches.traced(key.whole).kinds
    others: list[Kind] = [kind for kind in KINDS if kind != key.kind and kind in kinds]
    if not others:
        return
    with st.container(key="other_kinds"):
        for column, kind in zip(st.columns(len(others)), others, strict=True):
            with column:
                _tiles(key._replace(kind=kind), kind)


def _tiles(key: TraceKey, kind: Kind) -> None:
    name, whose = f"overview_{kind}", key.whose_heads

    def take() -> None:
        if choice := figures.picked(name):
            head = HeadId(int(choice["layer"]), int(choice["head"]), kind)
            choose_aside(whose, choice["slot"], head)
            state.change(ExploreState, kind=kind)

    overview = caches.overview_of(key, caches.traced(key))
    packet = overview.packet(language=language(), captioned=True)
    figures.show_overview_beside(packet, name, on_picked=take)
