"""The viewer: all heads at the left, the chosen ones at the right, controls above both."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError, AttnvizError
from attnviz.pictures.provenance import tokens_said
from attnviz.pictures.shown import shown
from attnviz.share.state import FOLDED, USUAL_VIEWS, ExploreState, ViewState
from attnviz.texts import say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import figures
from attnviz.ui.errors import show_error
from attnviz.ui.frame import language, runs_in_part
from attnviz.ui.widgets import controls, opening, picker, pins
from attnviz.ui.widgets.controls import Choices
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.head_finder import head_finder
from attnviz.ui.widgets.heads import Different, are_usual, heads_shown
from attnviz.ui.widgets.other_kinds import other_kinds
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.saving import save
from attnviz.ui.widgets.workspace import lines, numbers, pictures, workspace

LONGEST_FLOW = 64  # tokens: all its layers then take some 15 seconds


def viewer(key: TraceKey, trace: Trace, usual: Different, share_here: Callable[[], None]) -> None:
    """Everything below the sentence.

    `usual` are the two heads that stand in A and B until the person chooses others.
    `share_here` is the page's way to share what is seen.
    """
    picker.take_most_different(key, trace)
    view = state.read(ViewState)
    with st.container(key="viewer"):
        row, left, right = controls.row(), st.container(key="picker"), st.container(key="workspace")
        below = st.container(key="below")
        chosen = controls.choices(key, trace, view, usual)
        parts: list[tuple[DeltaGenerator, Callable[[], None]]] = [
            (row, lambda: controls.choose(trace, view, usual))
        ]
        can_be_drawn = _can_be_drawn(key, trace, chosen)
        if can_be_drawn:
            parts.append((left, lambda: _all_heads(key, trace, view, usual, chosen)))
            parts.append((right, lambda: workspace(key, trace, view, chosen)))
        # Once all stands, what a new head changes is made and sent first, and the menus last.
        for place, fill in reversed(parts) if runs_in_part() else parts:
            with place:
                fill()
        if can_be_drawn:
            with below:
                head_finder(key, trace, chosen.lens, usual)
                with st.container(horizontal=True):
                    save(key, trace, chosen)
                    share_here()


def _all_heads(
    key: TraceKey, trace: Trace, view: ViewState, usual: Different, chosen: Choices
) -> None:
    """All heads as tiles, what is said of them, and what the page's pictures share."""
    picker.sort_and_pair(view)
    with st.container(key="overview"):
        picker.overview(key, trace, view, usual, captioned=True)
    _facts(key, trace, view, usual)
    pins.share_selection(key, trace, chosen.lens, _framed(view, usual))
    other_kinds(key)


def embedded_viewer(key: TraceKey, trace: Trace, view: ExploreState, usual: Different) -> None:
    """The parts that an embedded page's link asks for, one below the other."""
    chosen = controls.choices(key, trace, view, usual)
    if not _can_be_drawn(key, trace, chosen):
        return
    pins.share_selection(key, trace, chosen.lens, _framed(view, usual))
    parts: dict[str, Callable[[], None]] = {
        "overview": lambda: picker.overview(key, trace, view, usual),
        "lines": lambda: lines(key, trace, chosen),
        "table": lambda: numbers(key, trace, chosen),
        **{kind.view: partial(pictures, kind, key, trace, chosen) for kind in FOLDED},
    }
    for name in view.views or USUAL_VIEWS:
        with st.container(key=name):
            parts[name]()
    figures.tell_height()


def _framed(view: ViewState, usual: Different) -> tuple[HeadId, ...]:
    """The heads whose tiles are framed: A, B, and more."""
    return (*heads_shown(view, usual), *view.more)


def _can_be_drawn(key: TraceKey, trace: Trace, choices: Choices) -> bool:
    """Compute the maps that are chosen, or say why there are none."""
    kind = choices.lens.map
    if kind == "raw":
        return True
    try:
        if kind == "flow" and len(trace.tokens) > LONGEST_FLOW:
            raise ArgumentError("flow_too_long", tokens=len(trace.tokens), most=LONGEST_FLOW)
        if not caches.knows_overview(key, kind):  # which computes all of them
            computing = "flow" if kind == "flow" else "draw"
            with_progress(
                lambda _: caches.overview_of(key, trace, kind=kind), language(), computing
            )
        _ = shown(trace, choices.heads, choices.lens, choices.combination)[0].map
    except AttnvizError as problem:
        show_error(problem)
        return False
    return True


def _facts(key: TraceKey, trace: Trace, view: ViewState, usual: Different) -> None:
    """What ran, why these two heads, and what the tiles are sorted by."""
    model = trace.model
    summary = say(
        "page.facts",
        language(),
        title=model.called(language()),
        kind="" if key.kind is None else f" · {say(f'kind.{key.kind}', language())}",
        layers=model.layers,
        heads=model.heads,
        tokens=tokens_said(trace, language()),
        most=model.max_tokens,
    )
    why = opening.why(trace, usual) if are_usual(view) else ""
    said = [why, summary, picker.sort_words(view.sort_by)]
    with st.container(key="facts"):
        st.markdown("\n\n".join(markdown_text(text) for text in said if text))
