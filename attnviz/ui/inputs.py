"""What a person types and chooses: the sentence, the model, the heads, the lens."""

from dataclasses import dataclass

import streamlit as st

from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.figures.lines import Arrangement, Direction
from attnviz.figures.style import MOST_HEADS
from attnviz.models import catalogue
from attnviz.models.load import Model, is_loaded, load
from attnviz.tracing.record import HeadId, Trace
from attnviz.ui.caches import LinesKey
from attnviz.ui.examples import BY_NAME, EXAMPLES
from attnviz.ui.page import language, settle
from attnviz.ui.working import with_progress
from attnviz.words import say

OTHER = "other"
_MODEL_TEXTS = {
    catalogue.EMBEDDED: "page.model_minilm",
    catalogue.CONTROL: "page.model_control",
    OTHER: "page.model_other",
}


def sentences() -> tuple[str, str | None]:
    """The sentence boxes: the text, and the second one if any."""
    st.session_state.setdefault("text", EXAMPLES[0].text)
    st.session_state.setdefault("pair", EXAMPLES[0].pair)
    first, second = st.columns([5, 3])
    first.text_input(
        say("page.sentence", language()),
        key="text",
        placeholder=say("page.sentence_help", language()),
    )
    second.text_input(
        say("page.second", language()),
        key="pair",
        placeholder=say("page.second_placeholder", language()),
    )
    return st.session_state.text, st.session_state.pair or None


def examples() -> None:
    """The menu of examples."""
    st.selectbox(
        say("page.examples", language()),
        list(BY_NAME),
        index=None,
        format_func=lambda name: say(f"example.{name}", language()),
        placeholder=say("page.examples_placeholder", language()),
        key="example",
        on_change=_take_example,
    )


def _take_example() -> None:
    if example := BY_NAME.get(st.session_state.example or ""):
        st.session_state.text, st.session_state.pair = example.text, example.pair


def model() -> Model | None:
    """The chosen model, loaded; None while a folder or hub name is still to be given.

    Raises:
        ModelError: if it cannot be loaded.
    """
    choice = st.selectbox(
        say("page.model", language()),
        list(_MODEL_TEXTS),
        format_func=lambda name: say(_MODEL_TEXTS[name], language()),
        key="model",
    )
    name = _other_name() if choice == OTHER else choice
    if not name:
        return None
    if is_loaded(name):
        return load(name)
    loaded = with_progress(lambda report: load(name, report), language(), "load")
    settle(loaded.card.revision)
    return loaded


def _other_name() -> str | None:
    """The name of a folder or hub model, once Load was pressed: nothing is asked before."""
    typed = st.text_input(
        say("page.other", language()),
        key="other",
        placeholder=say("page.other_placeholder", language()),
        help=say("page.other_help", language()),
    )
    if st.button(say("page.other_load", language()), key="other_load"):
        st.session_state.other_asked = typed.strip()
    asked: str | None = st.session_state.get("other_asked")
    return asked


@dataclass(frozen=True, slots=True)
class Choices:
    """What the viewer wants to see."""

    heads: tuple[HeadId, ...]  # A, B, then more
    combination: Combination | None
    direction: Direction
    arrangement: Arrangement
    lens: Lens

    @property
    def lines(self) -> LinesKey:
        """What the line diagram depends on, besides the lens."""
        return LinesKey(self.heads, self.combination, self.direction, self.arrangement)


def set_default_heads(trace: Trace, pair: tuple[HeadId, HeadId]) -> bool:
    """Put A and B on `pair` unless the person chose heads of this model; True if so."""
    model = trace.model
    if st.session_state.get("heads_of") != (model.name, model.revision):
        st.session_state.heads_of = (model.name, model.revision)
        st.session_state.heads_chosen = False
        st.session_state.more = []
    if not st.session_state.heads_chosen:
        st.session_state.a, st.session_state.b = pair
    return not st.session_state.heads_chosen


def choose_head(slot: str, head: HeadId) -> None:
    """Put a head in slot A or B."""
    st.session_state[slot.lower()] = head
    _heads_chosen()


def _heads_chosen() -> None:
    st.session_state.heads_chosen = True


def choices(trace: Trace) -> Choices:
    """The controls of the viewer."""
    heads = trace.heads
    with st.container(key="choices"):
        a, b, more, combine = st.columns([1.2, 1.2, 3.2, 3.2], vertical_alignment="bottom")
        for column, slot in ((a, "a"), (b, "b")):
            column.selectbox(
                say(f"page.head_{slot}", language()), heads, key=slot, on_change=_heads_chosen
            )
        most = MOST_HEADS - 2
        more.multiselect(
            say("page.more", language()),
            heads,
            key="more",
            max_selections=most,
            select_all=False,
            placeholder=say("page.more_placeholder", language(), count=most),
        )
        with combine:
            shown = _segments("combine", ("each", "mean", "maximum"))
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            arrangement: Arrangement = _segments(
                "arrangement", ("stacked", "beside", "overlaid")
            )
            direction: Direction = _segments("direction", ("horizontal", "vertical"))
            lens = _lens()
    chosen = dict.fromkeys([st.session_state.a, st.session_state.b, *st.session_state.more])
    combination: Combination | None = None if shown == "each" else shown
    return Choices(tuple(chosen), combination, direction, arrangement, lens)


def _segments(name: str, options: tuple[str, ...]):  # type: ignore[no-untyped-def]
    return st.segmented_control(
        say(f"page.{name}", language()),
        options,
        format_func=lambda option: say(f"page.{name}_{option}", language()),
        default=options[0],
        key=name,
        required=True,
    )


def _lens() -> Lens:
    unit = _segments("unit", ("piece", "word"))
    hide_special = st.toggle(say("page.hide_special", language()), key="hide_special")
    renormalise = st.toggle(
        say("page.renormalise", language()),
        key="renormalise",
        help=say("page.renormalise_help", language()),
        disabled=not hide_special,
    )
    at_least = st.slider(
        say("page.at_least", language()), 0.0, 1.0, 0.0, 0.01, key="at_least", width=190
    )
    strongest = st.slider(
        say("page.strongest", language()), 5, 100, 100, 5, format="%d %%", key="strongest", width=240
    )
    return Lens(unit, hide_special, renormalise and hide_special, at_least, strongest / 100)
