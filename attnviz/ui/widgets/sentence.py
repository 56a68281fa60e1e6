"""The sentence: its two boxes, and the examples as a menu or as chips."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import streamlit as st

from attnviz.share.state import SentenceState
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.examples import BY_NAME, EXAMPLES


class Sentence(NamedTuple):
    """What is read: a text, and the second one if any."""

    text: str
    pair: str | None = None


Take = Callable[[Sentence], None]
FIRST = Sentence(EXAMPLES[0].text)
_HAS_SECOND = SessionValue("has_second", False)  # an empty box, of which no link speaks


def chosen_sentence(sentence: SentenceState) -> Sentence:
    """What was typed: the note's sentence until another is."""
    return Sentence(FIRST.text if sentence.text is None else sentence.text, sentence.pair or None)


def take_sentence(new: Sentence) -> None:
    """Put a sentence in force on the pages that share it."""
    state.change(SentenceState, text=new.text, pair=new.pair or "")


def sentence_boxes(sentence: Sentence, take: Take = take_sentence, namespace: str = "") -> None:
    """The boxes that show a sentence; `take` is given the one that a person makes of it.

    Several stand on one page, each with a `namespace` of its own.
    """
    keys = f"{namespace}text", f"{namespace}pair"

    def taken() -> None:
        text, pair = map(state.taken, keys)
        take(Sentence(text or "", pair or None))

    first, second = st.columns([5, 3])
    first.text_input(
        say("page.sentence", language()),
        **state.shown(keys[0], sentence.text, taken),
        placeholder=say("page.sentence_help", language()),
    )
    second.text_input(
        say("page.second", language()),
        **state.shown(keys[1], sentence.pair or "", taken),
        placeholder=say("page.second_placeholder", language()),
    )


def growing_boxes(sentence: Sentence) -> None:
    """The same as boxes that grow with their text; the second one once it is asked for."""

    def taken() -> None:
        text, pair = state.taken("text"), state.taken("pair") if has_second else None
        take_sentence(Sentence(text or "", pair or None))

    has_second = sentence.pair is not None or _HAS_SECOND.get()
    places = st.columns([5, 3]) if has_second else [st.container()]
    places[0].text_area(
        say("page.sentence", language()),
        **state.shown("text", sentence.text, taken),
        placeholder=say("page.sentence_help", language()),
        height="content",
    )
    if has_second:
        places[1].text_area(
            say("page.second", language()),
            **state.shown("pair", sentence.pair or "", taken),
            placeholder=say("page.second_placeholder", language()),
            height="content",
        )


def chips(sentence: Sentence) -> None:
    """The examples, each a chip, with the one that is in force marked; and the second sentence."""
    shown = next((e.name for e in EXAMPLES if (e.text, e.pair or None) == sentence), None)
    has_second = sentence.pair is not None or _HAS_SECOND.get()

    def taken() -> None:
        if example := BY_NAME.get(state.taken("example") or ""):
            take_sentence(Sentence(example.text, example.pair or None))

    with st.container(key="chips", horizontal=True, vertical_alignment="center"):
        st.button(
            say(f"page.second_{'off' if has_second else 'on'}", language()),
            type="tertiary",
            **state.pressed("second", partial(_take_second, is_wanted=not has_second)),
        )
        st.pills(
            say("page.examples", language()),
            list(BY_NAME),
            format_func=lambda name: say(f"example.{name}", language()),
            **state.shown("example", shown, taken, None),
            label_visibility="collapsed",
        )


def _take_second(*, is_wanted: bool) -> None:
    _HAS_SECOND.put(is_wanted)
    if not is_wanted:
        take_sentence(chosen_sentence(state.read(SentenceState))._replace(pair=None))


def examples(take: Take = take_sentence, namespace: str = "") -> None:
    """The menu of examples; `take` is given the one that is chosen."""
    key = f"{namespace}example"

    def taken() -> None:
        if example := BY_NAME.get(state.taken(key) or ""):
            take(Sentence(example.text, example.pair or None))

    st.selectbox(
        say("page.examples", language()),
        list(BY_NAME),
        index=None,
        format_func=lambda name: say(f"example.{name}", language()),
        placeholder=say("page.examples_placeholder", language()),
        key=key,
        on_change=taken,
    )
