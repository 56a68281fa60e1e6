"""The controls of the viewer: heads, how they are drawn, the lens."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.pictures.lines import Arrangement, Direction
from attnviz.pictures.style import MOST_HEADS
from attnviz.share.state import PageState, ViewState
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.caches import LinesKey, TraceKey
from attnviz.ui.frame import language
from attnviz.ui.widgets import pins
from attnviz.ui.widgets.heads import Different, choose_head, heads_shown
from attnviz.ui.widgets.long_text import choose_span, span_of


@dataclass(frozen=True, slots=True)
class Choices:
    """What the viewer wants to see."""

    heads: tuple[HeadId, ...]  # A, B, then more
    combination: Combination | None
    direction: Direction
    arrangement: Arrangement
    lens: Lens
    pins: tuple[str, ...]  # with which the lines begin; later ones the browser keeps

    @property
    def lines(self) -> LinesKey:
        """What the line diagram depends on, besides the lens."""
        return LinesKey(self.heads, self.combination, self.direction, self.arrangement, self.pins)


def choose(trace: Trace, now: ViewState, usual: Different) -> None:
    """The controls of the viewer."""
    with st.container(key="choices", gap="small"):
        with st.container(key="heads_row", horizontal=True, vertical_alignment="bottom"):
            _heads(trace, now, usual)
            segments(ViewState, "combine", "page.combine", ("each", "mean", "maximum"))
        with st.container(key="lens_row", horizontal=True, vertical_alignment="center"):
            segments(
                ViewState, "arrangement", "page.arrangement", ("stacked", "beside", "overlaid")
            )
            segments(ViewState, "direction", "page.direction", ("horizontal", "vertical"))
            _lens()
            choose_span(trace, now)


def choices(key: TraceKey, trace: Trace, now: ViewState, usual: Different) -> Choices:
    """What is chosen, by the controls or, where there are none, by the link."""
    lens = lens_of(now, len(trace.tokens))
    return Choices(
        heads=tuple(dict.fromkeys([*heads_shown(now, usual), *now.more])),
        combination=None if now.combine == "each" else now.combine,
        direction=now.direction,
        arrangement=now.arrangement,
        lens=lens,
        pins=pins.starting(key, trace, lens),
    )


def lens_of(now: ViewState, tokens: int) -> Lens:
    """The lens through which a trace of so many tokens is looked at."""
    return Lens(
        now.unit,
        now.hide_special,
        now.renormalise,
        now.at_least,
        now.strongest / 100,
        span_of(tokens, now),
    )


def _heads(trace: Trace, now: ViewState, usual: Different) -> None:
    for slot, head in zip(("a", "b"), heads_shown(now, usual), strict=True):
        st.selectbox(
            say(f"page.head_{slot}", language()),
            trace.heads,
            format_func=_without_kind,
            **state.shown(slot, head, _taker(slot, usual), "index", trace.heads),
            width=124,
        )
    most = MOST_HEADS - 2

    def take() -> None:
        state.change(ViewState, more=tuple(state.taken("more")))

    st.multiselect(
        say("page.more", language()),
        trace.heads,
        format_func=_without_kind,
        **state.shown("more", list(now.more), take, "default"),
        max_selections=most,
        select_all=False,
        placeholder=say("page.more_placeholder", language(), count=most),
    )


def _without_kind(head: HeadId) -> str:
    """A head among those of one kind of attention."""
    return str(HeadId(head.layer, head.head))


def _taker(slot: str, usual: Different) -> Callable[[], None]:
    def take() -> None:
        choose_head(slot, state.taken(slot), usual)

    return take


def segments(page: type[PageState], name: str, text: str, options: tuple[str, ...]) -> None:
    """One of a few options for a field, side by side.

    `text` names the label in the catalogue, `text` and `_option` those of the options.
    """
    st.segmented_control(
        say(text, language()),
        options,
        format_func=lambda option: say(f"{text}_{option}", language()),
        **state.bound(page, name, "default"),
        required=True,
        label_visibility="collapsed",
    )


def _lens() -> None:
    segments(ViewState, "unit", "page.unit", ("piece", "word"))
    hides = st.toggle(
        say("page.hide_special", language()), **state.bound(ViewState, "hide_special")
    )
    st.toggle(
        say("page.renormalise", language()),
        help=say("page.renormalise_help", language()),
        disabled=not hides,
        **state.bound(ViewState, "renormalise"),
    )
    with st.popover(say("page.thresholds", language())):
        least = say("page.at_least", language())
        bound = state.bound(ViewState, "at_least")
        st.slider(least, 0.0, 1.0, step=0.01, format="plain", **bound)
        st.slider(
            say("page.strongest", language()),
            min_value=5,
            max_value=100,
            step=5,
            format="%d %%",
            **state.bound(ViewState, "strongest"),
        )
