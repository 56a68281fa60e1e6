"""The classroom: where this session stands in the walkthrough, kept in its address."""

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from attnviz.lessons.controls import Value
from attnviz.lessons.engine import Chapter, Panel, Part, Said, Scene, panel_of
from attnviz.lessons.link import Standing, from_link, to_link
from attnviz.lessons.sheet import Guess
from attnviz.models import catalogue
from attnviz.tracing.record import Trace
from attnviz.training.record import Training
from attnviz.ui.caches import TraceKey
from attnviz.ui.escape import markdown_text
from attnviz.ui.examples import EXAMPLES
from attnviz.ui.inputs import OTHER
from attnviz.ui.page import language, mode
from attnviz.ui.working import with_progress
from attnviz.words import say


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
        state.standing, dropped = _opened()
        if dropped:
            state.link_dropped = dropped
    found: Standing = state.standing
    return found


def step(**changes: Any) -> None:
    """Go somewhere else."""
    st.session_state.standing = replace(standing(), **changes)


def choose(chapter: int, name: str, value: Value) -> None:
    """Set one control."""
    st.session_state.standing = standing().with_choice(chapter, name, value)


def answer(chapter: int, name: str, said: Said) -> None:
    """Answer one question."""
    st.session_state.standing = standing().with_answer(chapter, name, said)


def guess(claim: str, verdict: Guess) -> None:
    """Predict one claim's verdict."""
    st.session_state.standing = standing().with_guess(claim, verdict)


def trainings() -> tuple[Training, ...]:
    """Trainings of this session that have finished."""
    done: tuple[Training, ...] = st.session_state.get("lesson_trainings", ())
    return done


def _opened() -> tuple[Standing, tuple[str, ...]]:
    """What the address names: the place, and also sentence, model and language."""
    params = st.query_params.to_dict()
    state = st.session_state
    if "s" in params:
        state.text, state.pair = params["s"], params.get("p", "")
    if name := params.get("m"):
        if name in catalogue.BUILT_IN:
            state.model = name
        else:  # shown, and loaded only when the person asks for it
            state.model, state.other = OTHER, name
    return from_link(params)


def keep_link() -> None:
    """Write where this session stands into its address."""
    state, params = st.session_state, to_link(standing())
    if dropped := state.pop("link_dropped", None):
        st.info(markdown_text(say("walk.dropped", language(), parts=", ".join(dropped))))
    if state.text != EXAMPLES[0].text or state.pair:
        params["s"] = state.text
    if state.pair:
        params["p"] = state.pair
    if state.model != catalogue.EMBEDDED:
        params["m"] = state.get("other_asked") or "" if state.model == OTHER else state.model
    if "language" in state or "lang" in st.query_params:
        params["lang"] = language()
    if params != st.query_params.to_dict():
        st.query_params.from_dict(params)


@st.cache_resource(max_entries=128, show_spinner=False)
def _panel(key: TraceKey, what: str, _part: Part, _scene: Scene) -> Panel:
    del key, what
    return panel_of(_part, _scene)


def panel(room: Room, chapter: Chapter, part: Part, scene: Scene) -> Panel:
    """The panel of a part, drawn once for all who see the same."""
    done = [training.run.name for training in scene.trainings]
    what = (chapter.name, part.name, dict(scene.choice), scene.language, scene.mode, done)
    return with_progress(lambda _: _panel(room.key, repr(what), part, scene), language(), "draw")
