"""The classroom: where this session stands in the walkthrough, kept in its address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import streamlit as st

from attnviz.core.trace import Trace
from attnviz.lessons.chapters import chapters
from attnviz.lessons.controls import Value
from attnviz.lessons.engine import Chapter, Panel, Part, Said, Scene, panel_of
from attnviz.lessons.link import PARAMETERS, Standing, from_link, to_link
from attnviz.lessons.sheet import Guess
from attnviz.share.state import WALKTHROUGH
from attnviz.training.record import Training
from attnviz.ui import address, caches
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import aloud
from attnviz.ui.frame import language, mode
from attnviz.ui.widgets.progress import with_progress


@dataclass(frozen=True, slots=True)
class Room:
    """A sentence in a model, and what names them."""

    key: TraceKey
    trace: Trace

    def scene(self, chapter: Chapter) -> Scene:
        """The scene of a chapter as it stands."""
        given = standing().of_chapter(chapter.number)
        return chapter.scene(self.trace, given, language(), mode(), trainings())


def standing() -> Standing:
    """Where this session stands: at first, where its link says."""
    state = st.session_state
    if "standing" not in state:
        address.open_link(WALKTHROUGH, PARAMETERS)
        take_standing(st.query_params.to_dict())
    found: Standing = state.standing
    return found


def take_standing(params: Mapping[str, str]) -> None:
    """Go where the parameters of a link or of a saved view say."""
    st.session_state.standing, dropped = from_link(params)
    st.session_state.pop("answers_of", None)  # they belong to the sentence that comes with them
    address.drop(*dropped)


def belongs_to(key: TraceKey) -> None:
    """Let answers stand only under the sentence and model that they were given for.

    Those of other sentences wait until that sentence comes back. Laws are the same for all.
    """
    state = st.session_state
    now, before = hash(key), state.get("answers_of")
    state.answers_of = now
    if before in (None, now):
        return
    stood = standing()
    laws = {name: said for name, said in stood.answers.items() if name in _laws()}
    aside = state.setdefault("answers_aside", {})
    aside[before] = (dict(stood.answers), dict(stood.guesses), seen())
    answers, guesses, state.seen = aside.pop(now, ({}, {}, set()))
    step(answers={**answers, **laws}, guesses=guesses)


@cache
def _laws() -> frozenset[str]:
    """The questions that every sentence answers alike."""
    return frozenset(
        f"{chapter.number}.{question.name}"
        for chapter in chapters()
        for question in chapter.questions
        if question.is_law
    )


def seen() -> set[str]:
    """What was shown of this sentence without an answer."""
    found: set[str] = st.session_state.setdefault("seen", set())
    return found


def step(**changes: Any) -> None:
    """Go somewhere else."""
    st.session_state.standing = replace(standing(), **changes)


def choose(chapter: int, name: str, value: Value) -> None:
    """Set one control."""
    st.session_state.standing = standing().with_choice(chapter, name, value)


def answer(chapter: int, name: str, said: Said) -> None:
    """Answer one question."""
    aloud.expect(f"{chapter}.{name}")
    st.session_state.standing = standing().with_answer(chapter, name, said)


def guess(claim: str, verdict: Guess) -> None:
    """Predict one claim's verdict."""
    aloud.expect(claim)
    st.session_state.standing = standing().with_guess(claim, verdict)


def trainings() -> tuple[Training, ...]:
    """Trainings of this session that have finished."""
    done: tuple[Training, ...] = st.session_state.get("lesson_trainings", ())
    return done


def keep_link() -> None:
    """Write where this session stands into its address."""
    address.keep_link(WALKTHROUGH, to_link(standing()))


def panel(room: Room, chapter: Chapter, part: Part, scene: Scene) -> Panel:
    """The panel of a part, drawn once for all who see the same."""
    done = [training.run.name for training in scene.trainings]
    what = (chapter.name, part.name, dict(scene.choice), scene.language, scene.mode, done)
    key = ("panel", room.key, repr(what))

    def draw(_: object) -> Panel:
        return caches.panels.get(key, lambda: panel_of(part, scene))

    return with_progress(draw, language(), "draw")
