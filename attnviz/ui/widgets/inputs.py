"""What a person types and chooses: the sentence, the model, the heads, the lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import streamlit as st

from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import ModelError
from attnviz.models import catalogue
from attnviz.models.load import Model, is_loaded, load
from attnviz.pictures.lines import Arrangement, Direction
from attnviz.pictures.style import MOST_HEADS
from attnviz.runtime.settings import settings
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.caches import LinesKey, TraceKey
from attnviz.ui.frame import language, settle
from attnviz.ui.widgets import pins
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.examples import BY_NAME, EXAMPLES
from attnviz.ui.widgets.progress import with_progress

OTHER = "other"
_OF_A_MODEL = ("a", "b", "more", "heads_chosen")
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
        **state.bound("text"),
        placeholder=say("page.sentence_help", language()),
    )
    second.text_input(
        say("page.second", language()),
        **state.bound("pair"),
        placeholder=say("page.second_placeholder", language()),
    )
    return typed()


def typed() -> tuple[str, str | None]:
    """The text, and the second one if any: the note's sentence until others are typed."""
    text = state.value("text", EXAMPLES[0].text)
    pair = state.value("pair", EXAMPLES[0].pair)
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
    if example := BY_NAME.get(state.taken("example") or ""):
        state.put(text=example.text, pair=example.pair)


def model() -> Model | None:
    """The chosen model, loaded; None while a folder or hub name is still to be given.

    Raises:
        ModelError: if it cannot be loaded.
    """
    state.value("model", catalogue.EMBEDDED)
    choice = st.selectbox(
        say("page.model", language()),
        offered_models(),
        format_func=lambda name: (
            say(_MODEL_TEXTS[name], language()) if name in _MODEL_TEXTS else name
        ),
        **state.bound("model", "index", offered_models()),
    )
    name = _other_name() if choice == OTHER else choice
    return loaded(name) if name else None


def offered_models() -> list[str]:
    """What the menu holds: in public mode the server's own models and nothing else."""
    limits = settings()
    other = [] if limits.public else [OTHER]
    return [*catalogue.BUILT_IN, *limits.allowed_models, *other]


def linked_model() -> Model | None:
    """The model of an embedded page: that of its link. One of a hub still waits to be asked."""
    name = state.value("model", catalogue.EMBEDDED)
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
    state.value("other", "")
    typed = st.text_input(
        say("page.other", language()),
        **state.bound("other"),
        placeholder=say("page.other_placeholder", language()),
        help=say("page.other_help", language()),
    )
    if st.button(say("page.other_load", language()), key="other_load"):
        state.put(other_asked=typed.strip())
    asked: str | None = state.value("other_asked")
    if not asked:
        key = "page.not_loaded" if state.value("other", "").strip() else "page.no_name_yet"
        st.caption(markdown_text(say(key, language())))
    return asked


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


def set_default_heads(pair: tuple[HeadId, HeadId], of: str, heads: Sequence[HeadId]) -> None:
    """Put A and B on `pair` unless the person chose heads of this model, which `of` names.

    A link may have chosen them; what it chose beyond the model's `heads` is dropped. What was
    chosen for another model waits there until that one is seen again.
    """
    now = state.values()
    if now.pop("heads_linked", False):
        _take_linked(pair, heads)
        now["heads_of"] = of
    elif now.get("heads_of") != of or "a" not in now:
        _change_model(of)
    if not now.get("heads_chosen"):
        now["a"], now["b"] = pair


def _change_model(of: str) -> None:
    """Lay the heads of one model aside, and take up those of another."""
    now = state.values()
    aside: dict[str, dict[str, Any]] = now.setdefault("heads_aside", {})
    if "heads_of" in now and "a" in now:
        aside[now["heads_of"]] = {name: now.get(name) for name in _OF_A_MODEL}
    now.update(aside.get(of, {"heads_chosen": False, "more": []}))
    now["heads_of"] = of


def _take_linked(pair: tuple[HeadId, HeadId], heads: Sequence[HeadId]) -> None:
    now = state.values()
    linked = [now.get("a"), now.get("b"), *now.get("more", ())]
    missing = [head for head in linked if head is not None and head not in heads]
    now["heads_chosen"] = any(head in heads for head in linked[:2])
    for slot, usual in zip(("a", "b"), pair, strict=True):
        if now.get(slot) not in heads:
            now[slot] = usual
    now["more"] = [head for head in linked[2:] if head in heads]
    if missing:
        earlier = st.session_state.get("dropped", ())
        st.session_state.dropped = (*earlier, *map(str, missing))


def shows_default_heads() -> bool:
    """Whether A and B stand where `set_default_heads` put them."""
    return not state.value("heads_chosen", False)


def choose_head(slot: str, head: HeadId) -> None:
    """Put a head in slot A or B."""
    state.put(**{slot.lower(): head}, heads_chosen=True)


def _heads_chosen() -> None:
    state.put(heads_chosen=True)


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


def choices(key: TraceKey, trace: Trace) -> Choices:
    """What is chosen, by the controls or, where there are none, by the link."""
    now = state.in_force()
    combination = cast(Combination, now["combine"])
    lens = Lens(
        now["unit"],
        now["hide_special"],
        now["renormalise"],
        now["at_least"],
        now["strongest"] / 100,
    )
    return Choices(
        heads=tuple(dict.fromkeys([now["a"], now["b"], *now["more"]])),
        combination=None if now["combine"] == "each" else combination,
        direction=now["direction"],
        arrangement=now["arrangement"],
        lens=lens,
        pins=pins.starting(key, trace, lens),
    )


def _heads(trace: Trace) -> None:
    for slot in ("a", "b"):
        st.selectbox(
            say(f"page.head_{slot}", language()),
            trace.heads,
            **state.bound(slot, "index", trace.heads, _heads_chosen),
            width=124,
        )
    most = MOST_HEADS - 2
    st.multiselect(
        say("page.more", language()),
        trace.heads,
        **state.bound("more", "default"),
        max_selections=most,
        select_all=False,
        placeholder=say("page.more_placeholder", language(), count=most),
    )


def segments(text: str, options: tuple[str, ...]) -> str:
    """One of a few options, side by side; the first until another is chosen.

    `text` names the label in the catalogue, `text` and `_option` those of the options.
    """
    name = text.partition(".")[2]
    state.value(name, options[0])
    picked = st.segmented_control(
        say(text, language()),
        options,
        format_func=lambda option: say(f"{text}_{option}", language()),
        **state.bound(name, "default"),
        required=True,
        label_visibility="collapsed",
    )
    return str(picked)


def _lens() -> None:
    for name in ("hide_special", "renormalise", "at_least", "strongest"):
        state.value(name, state.in_force()[name])
    segments("page.unit", ("piece", "word"))
    hides = st.toggle(say("page.hide_special", language()), **state.bound("hide_special"))
    st.toggle(
        say("page.renormalise", language()),
        help=say("page.renormalise_help", language()),
        disabled=not hides,
        **state.bound("renormalise"),
    )
    with st.popover(say("page.thresholds", language())):
        least = say("page.at_least", language())
        st.slider(least, 0.0, 1.0, step=0.01, format="plain", **state.bound("at_least"))
        st.slider(
            say("page.strongest", language()),
            min_value=5,
            max_value=100,
            step=5,
            format="%d %%",
            **state.bound("strongest"),
        )
