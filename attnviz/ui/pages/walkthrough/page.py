"""The Walkthrough page: eight chapters, in four modes, with the place kept in the link."""

from typing import cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.lessons.chapters import chapter_called, chapters
from attnviz.lessons.link import MODES, Mode
from attnviz.models.load import Model
from attnviz.texts import say
from attnviz.ui import address, caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components.figures import begin_at_top
from attnviz.ui.errors import clear_errors, fragment
from attnviz.ui.frame import header, language
from attnviz.ui.pages.walkthrough import presenter, speaker, teacher
from attnviz.ui.pages.walkthrough.handout import print_page
from attnviz.ui.pages.walkthrough.learner import lesson
from attnviz.ui.pages.walkthrough.progress import (
    TracedSentence,
    belongs_to,
    keep_link,
    open_link,
    progress,
    step,
)
from attnviz.ui.widgets import last_shown
from attnviz.ui.widgets.loading import loaded
from attnviz.ui.widgets.model import model_name
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.sentence import Sentence, chosen_sentence, examples, sentence_boxes
from attnviz.ui.widgets.warnings import show_warnings


def walkthrough() -> None:
    """The whole page."""
    open_link()  # before any widget has a value
    if progress().mode == "presenter":
        presenter.present(_sentence)
    elif progress().mode == "speaker":
        with clear_errors():
            speaker.speak(_sentence)
    else:
        header("walk.lead")
        address.show_dropped()
        with clear_errors():
            _body()
    keep_link()


def _body() -> None:
    with st.container(key="walk_sentence"):
        sentence = _sentence(modes=True)
    if sentence is None:
        return
    show_warnings(sentence.trace)
    with st.container():  # there in any case, as that of warnings
        if sentence.key.kind is not None:
            st.caption(say("walk.encoder_alone", language()))
    if progress().mode == "teacher":
        teacher.notes(sentence)
    elif progress().mode == "print":
        print_page(sentence)
    else:
        fragment(_learn)(sentence)


def _learn(sentence: TracedSentence) -> None:
    _chapters()
    begin_at_top(str(progress().chapter))
    lesson(sentence)


def _sentence(notes: DeltaGenerator | None = None, *, modes: bool = False) -> TracedSentence | None:
    """The sentence and the model as chosen, and what they make; None while a model is awaited.

    What must be said about them is said in `notes`, else below them. The row ends with the
    `modes`, where they are asked for.
    """
    sentence = chosen_sentence(progress())
    boxes, menu_of_examples, menu_of_models, *rest = st.columns([7, 2, 2] + [3] * modes)
    if rest:
        with rest[0]:
            _modes()
    with boxes:
        sentence_boxes(sentence)
    with menu_of_examples:
        examples()
    last_shown.begin()
    with notes or st.container():
        with clear_errors():
            with menu_of_models:
                name = model_name()
                chosen_model = loaded(name) if name else None
            if chosen_model is not None:
                return _traced(_key(chosen_model, sentence))
        last = last_shown.last()
        return None if last is None else _traced(last[0])


def _key(model: Model, sentence: Sentence) -> TraceKey:
    """The trace of a sentence: of an encoder–decoder its encoder, which the chapters are about."""
    if model.target is None:
        return TraceKey.of(model.card, *sentence)
    target = progress().target
    if not (target or model.target.generates):
        target = sentence.text  # the encoder reads none of it
    return TraceKey.of(model.card, *sentence, target, "encoder")


def _traced(key: TraceKey) -> TracedSentence:
    trace = with_progress(lambda _: caches.fully_traced(key), language(), "read")
    last_shown.keep(key)
    belongs_to(key)
    return TracedSentence(key, trace)


def _modes() -> None:
    st.segmented_control(
        say("walk.mode", language()),
        [mode for mode in MODES if mode != "speaker"],  # a window beside the presenter's
        format_func=lambda mode: say(f"walk.mode_{mode}", language()),
        **state.shown("walk_mode", progress().mode, _take_mode, "default"),
        required=True,
        label_visibility="collapsed",
    )


def _take_mode() -> None:
    if mode := state.taken("walk_mode"):
        step(mode=cast(Mode, mode), screen=0)


def _chapters() -> None:
    """All chapters, to choose from."""
    st.pills(
        say("walk.chapter", language()),
        [chapter.number for chapter in chapters()],
        format_func=lambda number: f"{number} {chapter_called(number).title[language()]}",
        **state.shown("walk_chapter", progress().chapter, _take_chapter, "default"),
        required=True,
        label_visibility="collapsed",
    )


def _take_chapter() -> None:
    if number := state.taken("walk_chapter"):
        step(chapter=int(number), screen=0)
