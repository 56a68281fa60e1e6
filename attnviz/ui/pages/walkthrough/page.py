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
from attnviz.ui.frame import came_back, clear_errors, fragment, header, language
from attnviz.ui.pages.walkthrough import presenter, teacher
from attnviz.ui.pages.walkthrough.handout import print_page
from attnviz.ui.pages.walkthrough.learner import lesson
from attnviz.ui.pages.walkthrough.progress import Room, belongs_to, keep_link, standing, step
from attnviz.ui.widgets import inputs, last_shown
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.warnings import show_warnings


def walkthrough() -> None:
    """The whole page."""
    if came_back():
        st.session_state.pop("standing", None)
    if standing().mode == "presenter":  # reads the link before any widget has a value
        presenter.present(_room)
    else:
        header("walk.lead")
        address.show_dropped()
        with clear_errors():
            _body()
    keep_link()


def _body() -> None:
    room = _room()
    if room is None:
        return
    show_warnings(room.trace)
    _modes()
    if standing().mode == "teacher":
        teacher.notes(room)
    elif standing().mode == "print":
        print_page(room)
    else:
        fragment(_learn)(room)


def _learn(room: Room) -> None:
    _chapters()
    begin_at_top(str(standing().chapter))
    lesson(room)


def _room(notes: DeltaGenerator | None = None) -> Room | None:
    """The sentence and the model as chosen, and what they make; None while a model is awaited.

    What must be said about them is said in `notes`, else below them.
    """
    typed, examples, menu = st.columns([8, 2, 2.4])
    with typed:
        text, pair = inputs.sentences()
    with examples:
        inputs.examples()
    last_shown.begin()
    with notes or st.container():
        with clear_errors():
            with menu:
                model = inputs.model()
            if model is not None:
                return _enter(TraceKey(model.name, model.card.revision, text, pair), model)
        stood = last_shown.standing()
        return None if stood is None else _enter(*stood)


def _enter(key: TraceKey, model: Model) -> Room:
    trace = with_progress(lambda _: caches.fully_traced(key, model), language(), "read")
    last_shown.keep(key)
    belongs_to(key)
    return Room(key, trace)


def _modes() -> None:
    st.segmented_control(
        say("walk.mode", language()),
        MODES,
        format_func=lambda mode: say(f"walk.mode_{mode}", language()),
        **state.shown("walk_mode", standing().mode, _take_mode, "default"),
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
        **state.shown("walk_chapter", standing().chapter, _take_chapter, "default"),
        required=True,
        label_visibility="collapsed",
    )


def _take_chapter() -> None:
    if number := state.taken("walk_chapter"):
        step(chapter=int(number), screen=0)
