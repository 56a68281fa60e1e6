"""The Walkthrough page: eight chapters, in four modes, with the place kept in the link."""

from typing import cast

import streamlit as st

from attnviz.lessons.chapters import chapter_called, chapters
from attnviz.lessons.link import MODES, Mode
from attnviz.ui import address, caches, inputs, presenter, teacher
from attnviz.ui.caches import TraceKey
from attnviz.ui.classroom import Room, keep_link, standing, step
from attnviz.ui.lesson import lesson
from attnviz.ui.page import clear_errors, fragment, header, language
from attnviz.ui.printed import print_page
from attnviz.ui.warnings import show_warnings
from attnviz.ui.working import with_progress
from attnviz.words import say


def walkthrough() -> None:
    """The whole page."""
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
        _chapters()
        fragment(lesson)(room)


def _room() -> Room | None:
    """The sentence and the model as chosen, and what they make; None while a model is awaited."""
    typed, examples, chosen = st.columns([8, 2, 2.4])
    with typed:
        text, pair = inputs.sentences()
    with examples:
        inputs.examples()
    with chosen:
        model = inputs.model()
    if model is None:
        return None
    key = TraceKey(model.name, model.card.revision, text, pair)
    trace = with_progress(lambda _: caches.traced(key, model), language(), "read")
    return Room(key, trace)


def _modes() -> None:
    st.segmented_control(
        say("walk.mode", language()),
        MODES,
        format_func=lambda mode: say(f"walk.mode_{mode}", language()),
        default=standing().mode,
        key="walk_mode",
        on_change=lambda: step(mode=cast(Mode, st.session_state.walk_mode), screen=0),
        required=True,
        label_visibility="collapsed",
    )


def _chapters() -> None:
    """All chapters, to choose from."""
    st.session_state.walk_chapter = standing().chapter
    st.pills(
        say("walk.chapter", language()),
        [chapter.number for chapter in chapters()],
        format_func=lambda number: f"{number} {chapter_called(number).title[language()]}",
        key="walk_chapter",
        on_change=lambda: step(chapter=int(st.session_state.walk_chapter), screen=0),
        required=True,
        label_visibility="collapsed",
    )
