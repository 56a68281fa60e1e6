"""The controls of the viewer, in one row: heads, what is shown, tokens, filters.

Each button says what is in force; what there is to choose opens below it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Between, Lens, MapKind, are_two_texts
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.pictures.lines import Arrangement, Direction
from attnviz.share.state import USUAL_ARRANGEMENT, PageState, ViewState
from attnviz.texts import enumerated, say
from attnviz.ui import state
from attnviz.ui.caches import LinesKey, TraceKey
from attnviz.ui.frame import language
from attnviz.ui.widgets import pins
from attnviz.ui.widgets.heads import MOST_MORE, Different, choose_head, heads_shown
from attnviz.ui.widgets.long_text import choose_span, span_of

FILTERS = ("hide_special", "renormalise", "at_least", "strongest", "between")  # fields of the state


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


def row() -> DeltaGenerator:
    """Where the controls stand."""
    return st.container(key="choices", horizontal=True, vertical_alignment="center", gap="small")


def choose(trace: Trace, view: ViewState, usual: Different) -> None:
    """The controls of the viewer."""
    with st.popover(_heads_label(view, usual), key="heads_open"):
        _heads(trace, view, usual)
    with st.popover(_show_label(view), key="show_open"):
        segments(ViewState, "map", "page.map", get_args(MapKind), "page.map_help")
        _combine(view)
        options = ("stacked", "beside", "overlaid")
        segments(ViewState, "arrangement", "page.arrangement", options, usual=USUAL_ARRANGEMENT)
        segments(ViewState, "direction", "page.direction", ("horizontal", "vertical"))
    with st.popover(_label("tokens", say(f"page.unit_{view.unit}", language())), key="unit_open"):
        segments(ViewState, "unit", "page.unit", ("piece", "word"))
    choose_span(trace, view)
    count = len(filters_in_force(view, trace))
    with st.popover(say("page.filter", language(), count=count), key="filter_open"):
        _filters(trace)
    st.button(
        say("page.filter_none", language()),
        type="tertiary",
        disabled=not count,
        **state.pressed("filter_none", let_filters_go),
    )


def choices(key: TraceKey, trace: Trace, view: ViewState, usual: Different) -> Choices:
    """What is chosen, by the controls or, where there are none, by the link."""
    return chosen_view(trace, view, usual, pins.starting(key, trace, lens_of(view, trace)))


def chosen_view(trace: Trace, view: ViewState, usual: Different, pins: tuple[str, ...]) -> Choices:
    """What a state chooses to see of a trace, where the lines begin with these pins."""
    lens = lens_of(view, trace)
    return Choices(
        heads=tuple(dict.fromkeys([*heads_shown(view, usual), *view.more])),
        combination=None if view.combine == "each" or lens.is_of_layers else view.combine,
        direction=view.direction,
        arrangement=view.arrangement or USUAL_ARRANGEMENT,
        lens=lens,
        pins=pins,
    )


def filters_in_force(view: ViewState, trace: Trace) -> list[str]:
    """The filters that take something away.

    Renormalising is none without hidden tokens, and there is none between texts without a pair.
    """
    usual = ViewState()
    idle = set() if view.hide_special else {"renormalise"}
    idle |= set() if has_two_texts(trace) else {"between"}
    return [n for n in FILTERS if n not in idle and getattr(view, n) != getattr(usual, n)]


def has_two_texts(trace: Trace) -> bool:
    """Whether a pair of texts is looked at, each of which can look at the other."""
    return are_two_texts(trace.query_tokens(), trace.key_tokens())


def let_filters_go() -> None:
    """Let all filters be as at first."""
    usual = ViewState()
    state.change(ViewState, **{name: getattr(usual, name) for name in FILTERS})


def _label(name: str, value: str) -> str:
    return say("page.control", language(), name=say(f"page.{name}", language()), value=value)


def _heads_label(view: ViewState, usual: Different) -> str:
    named = [str(head) for head in heads_shown(view, usual)]
    if view.more:
        named.append(f"+{len(view.more)}")
    return _label("heads", enumerated(named, language()))


def _show_label(view: ViewState) -> str:
    named = [say(f"page.map_{view.map}", language())]
    if view.combine != "each" and not Lens(map=view.map).is_of_layers:
        named.append(say(f"page.combine_{view.combine}", language()))
    return _label("combine", enumerated(named, language()))


def lens_of(view: ViewState, trace: Trace) -> Lens:
    """The lens through which a trace is looked at."""
    return Lens(
        view.unit,
        view.hide_special,
        view.renormalise,
        view.at_least,
        view.strongest / 100,
        span_of(len(trace.tokens), view),
        view.map,
        view.between if has_two_texts(trace) else "all",
    )


def _heads(trace: Trace, view: ViewState, usual: Different) -> None:
    with st.container(horizontal=True):
        for slot, head in zip(("a", "b"), heads_shown(view, usual), strict=True):
            st.selectbox(
                say(f"page.head_{slot}", language()),
                trace.heads,
                format_func=_without_kind,
                **state.shown(slot, head, _taker(slot, usual), "index", trace.heads),
                width=150,
            )

    def take() -> None:
        state.change(ViewState, more=tuple(state.taken("more")))

    st.multiselect(
        say("page.more", language()),
        trace.heads,
        format_func=_without_kind,
        **state.shown("more", list(view.more), take, "default"),
        max_selections=MOST_MORE,
        select_all=False,
        placeholder=say("page.more_placeholder", language(), count=MOST_MORE),
    )


def _without_kind(head: HeadId) -> str:
    """A head among those of one kind of attention."""
    return str(HeadId(head.layer, head.head))


def _taker(slot: str, usual: Different) -> Callable[[], None]:
    def take() -> None:
        choose_head(slot, state.taken(slot), usual)

    return take


def _combine(view: ViewState) -> None:
    """Each head or all of them as one; of whole layers there is nothing to combine."""
    options = ("each", "mean", "maximum")
    if not Lens(map=view.map).is_of_layers:
        segments(ViewState, "combine", "page.combine", options)
        return
    st.segmented_control(
        say("page.combine", language()),
        options,
        format_func=lambda option: say(f"page.combine_{option}", language()),
        default="each",
        disabled=True,
        help=say("page.combine_off", language()),
        key="combine_off",
        label_visibility="collapsed",
    )


def segments(
    page: type[PageState],
    name: str,
    text: str,
    options: tuple[str, ...],
    about: str | None = None,
    *,
    usual: str | None = None,
) -> None:
    """One of a few options for a field, side by side.

    `text` names the label in the catalogue, `text` and `_option` those of the options, `about`
    the help; `usual` is shown where nothing was chosen.
    """
    st.segmented_control(
        say(text, language()),
        options,
        format_func=lambda option: say(f"{text}_{option}", language()),
        **state.bound(page, name, "default", usual=usual),
        required=True,
        help=None if about is None else say(about, language()),
        label_visibility="collapsed",
    )


def _filters(trace: Trace) -> None:
    if has_two_texts(trace):
        st.caption(say("page.between", language()), help=say("page.between_help", language()))
        segments(ViewState, "between", "page.between", get_args(Between))
    hides = st.toggle(
        say("page.hide_special", language()), **state.bound(ViewState, "hide_special")
    )
    st.toggle(
        say("page.renormalise", language()),
        help=say("page.renormalise_help", language()),
        disabled=not hides,
        **state.bound(ViewState, "renormalise"),
    )
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
