"""What a person types and chooses: the sentence, the model, the heads, the lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import streamlit as st

from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.budget.settings import settings
from attnviz.errors import ModelError
from attnviz.figures.lines import Arrangement, Direction
from attnviz.figures.style import MOST_HEADS
from attnviz.link.state import VIEWER
from attnviz.models import catalogue
from attnviz.models.load import Model, is_loaded, load
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
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
    typed()
    first, second = st.columns([5, 3])
    first.text_input(
        say("page.sentence", language()),
        key="text",
        persist_state="session",
        placeholder=say("page.sentence_help", language()),
    )
    second.text_input(
        say("page.second", language()),
        key="pair",
        persist_state="session",
        placeholder=say("page.second_placeholder", language()),
    )
    return typed()


def typed() -> tuple[str, str | None]:
    """The text, and the second one if any: the note's sentence until others are typed."""
    text = st.session_state.setdefault("text", EXAMPLES[0].text)
    pair = st.session_state.setdefault("pair", EXAMPLES[0].pair)
    return text, pair or None


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
        offered_models(),
        format_func=lambda name: (
            say(_MODEL_TEXTS[name], language()) if name in _MODEL_TEXTS else name
        ),
        key="model",
        persist_state="session",
    )
    name = _other_name() if choice == OTHER else choice
    return loaded(name) if name else None


def offered_models() -> list[str]:
    """What the menu holds: in public mode the server's own models and nothing else."""
    chosen = settings()
    other = [] if chosen.public else [OTHER]
    return [*catalogue.BUILT_IN, *chosen.allowed_models, *other]


def linked_model() -> Model | None:
    """The model of an embedded page: that of its link. One of a hub still waits to be asked."""
    name = st.session_state.get("model", catalogue.EMBEDDED)
    return model() if name == OTHER else loaded(name)


def loaded(name: str) -> Model:
    """A model by its name, with its progress while it is loaded.

    Raises:
        ModelError: if it cannot be loaded, or this server does not show it.
    """
    if settings().public and name not in offered_models():
        raise ModelError("not_allowed", known=", ".join(offered_models()))
    if is_loaded(name):
        found = load(name)
    else:
        found = with_progress(lambda report: load(name, report), language(), "load")
    settle(found.card.revision)
    return found


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
    pins: tuple[str, ...]  # tokens that a link pins; later ones the browser keeps

    @property
    def lines(self) -> LinesKey:
        """What the line diagram depends on, besides the lens."""
        return LinesKey(self.heads, self.combination, self.direction, self.arrangement, self.pins)


def set_default_heads(pair: tuple[HeadId, HeadId], of: str, heads: Sequence[HeadId]) -> None:
    """Put A and B on `pair` unless the person chose heads of this model, which `of` names.

    A link may have chosen them; what it chose beyond the model's `heads` is dropped.
    """
    state = st.session_state
    if state.pop("heads_linked", False):
        _take_linked(pair, heads)
        state.heads_of = of
    elif state.get("heads_of") != of or "a" not in state:
        state.heads_of, state.heads_chosen, state.more = of, False, []
    if not state.heads_chosen:
        state.a, state.b = pair


def _take_linked(pair: tuple[HeadId, HeadId], heads: Sequence[HeadId]) -> None:
    state = st.session_state
    linked = [state.get("a"), state.get("b"), *state.get("more", ())]
    missing = [head for head in linked if head is not None and head not in heads]
    state.heads_chosen = any(head in heads for head in linked[:2])
    for slot, usual in zip(("a", "b"), pair, strict=True):
        if state.get(slot) not in heads:
            state[slot] = usual
    state.more = [head for head in linked[2:] if head in heads]
    if missing:
        state.dropped = (*state.get("dropped", ()), *map(str, missing))


def shows_default_heads() -> bool:
    """Whether A and B stand where `set_default_heads` put them."""
    return not st.session_state.heads_chosen


def choose_head(slot: str, head: HeadId) -> None:
    """Put a head in slot A or B."""
    st.session_state[slot.lower()] = head
    _heads_chosen()


def _heads_chosen() -> None:
    st.session_state.heads_chosen = True


def choose(trace: Trace) -> None:
    """The controls of the viewer."""
    with st.container(key="choices", gap="small"):
        with st.container(key="heads_row", horizontal=True, vertical_alignment="bottom"):
            _heads(trace)
            segments("page.combine", ("each", "mean", "maximum"))
        with st.container(key="lens_row", horizontal=True, vertical_alignment="center"):
            segments("page.arrangement", ("stacked", "beside", "overlaid"))
            segments("page.direction", ("horizontal", "vertical"))
            _lens()


def choices() -> Choices:
    """What is chosen, by the controls or, where there are none, by the link."""
    state = st.session_state
    chosen = {field.name: state.get(field.name, field.start) for field in VIEWER}
    combination = cast(Combination, chosen["combine"])
    return Choices(
        heads=tuple(dict.fromkeys([state.a, state.b, *chosen["more"]])),
        combination=None if chosen["combine"] == "each" else combination,
        direction=chosen["direction"],
        arrangement=chosen["arrangement"],
        lens=Lens(
            chosen["unit"],
            chosen["hide_special"],
            chosen["renormalise"],
            chosen["at_least"],
            chosen["strongest"] / 100,
        ),
        pins=_linked_pins(),
    )


def _linked_pins() -> tuple[str, ...]:
    """The pins of a link, as long as its text is the one that is shown."""
    state = st.session_state
    shown = (state.get("text"), state.get("pair"), state.get("own_text"), state.get("unit"))
    if "pins_linked" not in state:
        state.pins_linked = (tuple(state.get("pins", ())), shown)
    pins, of = state.pins_linked
    return pins if of == shown else ()


def _heads(trace: Trace) -> None:
    for slot in ("a", "b"):
        st.selectbox(
            say(f"page.head_{slot}", language()),
            trace.heads,
            key=slot,
            on_change=_heads_chosen,
            width=124,
        )
    most = MOST_HEADS - 2
    st.multiselect(
        say("page.more", language()),
        trace.heads,
        key="more",
        max_selections=most,
        select_all=False,
        placeholder=say("page.more_placeholder", language(), count=most),
    )


def segments(text: str, options: tuple[str, ...]) -> str:
    """One of a few options, side by side; the first until another is chosen.

    `text` names the label in the catalogue, `text` and `_option` those of the options.
    """
    key = text.partition(".")[2]
    st.session_state.setdefault(key, options[0])
    chosen = st.segmented_control(
        say(text, language()),
        options,
        format_func=lambda option: say(f"{text}_{option}", language()),
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    return str(chosen)


def _lens() -> None:
    segments("page.unit", ("piece", "word"))
    hide_special = st.toggle(say("page.hide_special", language()), key="hide_special")
    st.toggle(
        say("page.renormalise", language()),
        key="renormalise",
        help=say("page.renormalise_help", language()),
        disabled=not hide_special,
    )
    st.session_state.setdefault("strongest", 100)
    with st.popover(say("page.thresholds", language())):
        st.slider(
            say("page.at_least", language()), 0.0, 1.0, step=0.01, format="plain", key="at_least"
        )
        st.slider(
            say("page.strongest", language()),
            min_value=5,
            max_value=100,
            step=5,
            format="%d %%",
            key="strongest",
        )
