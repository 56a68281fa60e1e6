"""The sentence: its two boxes, and the menu of examples."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from attnviz.share.state import SentenceState
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.frame import language
from attnviz.ui.widgets.examples import BY_NAME, EXAMPLES


class Sentence(NamedTuple):
    """What is read: a text, and the second one if any."""

    text: str
    pair: str | None = None


Take = Callable[[Sentence], None]
FIRST = Sentence(EXAMPLES[0].text)


def chosen_sentence(now: SentenceState) -> Sentence:
    """What was typed: the note's sentence until another is."""
    return Sentence(FIRST.text if now.text is None else now.text, now.pair or None)


def take_sentence(new: Sentence) -> None:
    """Put a sentence in force on the pages that share it."""
    state.change(SentenceState, text=new.text, pair=new.pair or "")


def sentence_boxes(now: Sentence, take: Take = take_sentence, namespace: str = "") -> None:
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
        **state.shown(keys[0], now.text, taken),
        placeholder=say("page.sentence_help", language()),
    )
    second.text_input(
        say("page.second", language()),
        **state.shown(keys[1], now.pair or "", taken),
        placeholder=say("page.second_placeholder", language()),
    )


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
