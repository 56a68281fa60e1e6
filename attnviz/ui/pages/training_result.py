"""A finished training on the Train page, at any of its snapshots, with a text of one's own."""

from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np
import streamlit as st
from jaxtyping import Float

from attnviz.errors import AttnvizError
from attnviz.models.load import Model
from attnviz.pictures.learning import learning
from attnviz.pictures.share_courses import share_courses
from attnviz.pictures.target_heatmap import target_heatmap
from attnviz.runtime.cache import Cache
from attnviz.share.state import Looks, TrainState
from attnviz.texts import say
from attnviz.training import checkpoint
from attnviz.training.loop import examined_at
from attnviz.training.record import Exam, Snapshot, Training
from attnviz.training.target_shares import TEXTS, mean_target_shares, share_course
from attnviz.training.tasks import Task
from attnviz.ui import address, caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components.figures import show_chart
from attnviz.ui.errors import clear_errors, show_error
from attnviz.ui.frame import language, mode
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets import opening
from attnviz.ui.widgets.answers import show_answers
from attnviz.ui.widgets.downloads import download
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.heads import fit_heads
from attnviz.ui.widgets.predictions import show_predictions
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.sharing import share
from attnviz.ui.widgets.training_saving import save_training
from attnviz.ui.widgets.training_texts import outcome, outcome_at
from attnviz.ui.widgets.viewer import viewer
from attnviz.ui.widgets.warnings import show_warnings

Seen = Callable[[], TrainState]
PLOT_HEIGHT = 330
_LAST_OWN = SessionValue("last_own", ("", ""))  # the last task and text that could be read


def result(training: Training, is_opened: bool, seen: Seen) -> None:
    """A finished training: its curve, its snapshots, its answers, its heads.

    `is_opened` says that a person opened it from a file or trained it; `seen` makes the state
    of the page as it is then seen.
    """
    run = training.run
    headline = st.container()
    if training.was_stopped:
        stopped = say("train.stopped", language(), steps=training.steps, wanted=run.steps)
        st.warning(stopped)
    snapshot = _slider(training)
    with headline:
        name = markdown_text(say(f"task.{run.task.name}", language()))
        st.markdown(f"**{name}** · {markdown_text(_reached(training, snapshot))}")
    model = training.model_at(snapshot)
    shares = mean_target_shares(model, run.task)
    left, right = st.columns([1, 1])
    with left:
        if training.history:
            picture = learning(
                training.history,
                run.name,
                theory=run.task.theory(run.layers),
                step=snapshot.step,
                mode=mode(),
                language=language(),
            )
            show_chart(picture, "curve", PLOT_HEIGHT)
        else:
            st.info(say("train.opened" if is_opened else "train.shipped", language()))
        _save(training)
        save_training(training, shares)
    with right:
        _looks(training, snapshot, shares)
    with clear_errors():
        _own_text(training, model, seen)


def _looks(
    training: Training, snapshot: Snapshot, shares: Float[np.ndarray, "layer head target"]
) -> None:
    """How much each head looks at what decides the answer: at this step, or over all."""
    names = [say(f"look.{look}", language()) for look in training.run.task.target_names]
    if not names:
        st.info(say("train.no_looks", language()))
        return
    if len(training.snapshots) > 1:
        options = get_args(Looks)
        st.segmented_control(
            say("train.looks_title", language()),
            options,
            format_func=lambda one: say(f"train.looks_{one}", language()),
            **state.bound(TrainState, "looks_over", "default"),
            required=True,
            label_visibility="collapsed",
        )
        if state.read(TrainState).looks_over == "course":
            _course(training, snapshot, names)
            return
    model = training.model_at(snapshot)
    picture = target_heatmap(
        shares, names, model.card.called(language()), TEXTS, mode=mode(), language=language()
    )
    show_chart(picture, "looks", PLOT_HEIGHT)


def _course(training: Training, snapshot: Snapshot, names: Sequence[str]) -> None:
    """The shares of all heads on one target, from the first step to the last."""
    if state.read(TrainState).looks_at >= len(names):  # of another task
        state.change(TrainState, looks_at=0)
    places = range(len(names))
    at = st.selectbox(
        say("train.looks_target", language()),
        places,
        format_func=names.__getitem__,
        **state.bound(TrainState, "looks_at", "index", places, named=names.__getitem__),
    )
    course = with_progress(lambda _: share_course(training), language(), "draw")
    picture = share_courses(
        [snapshot.step for snapshot in training.snapshots],
        course[..., at],
        names[at],
        TEXTS,
        step=snapshot.step,
        mode=mode(),
        language=language(),
    )
    show_chart(picture, "courses", PLOT_HEIGHT)


def _reached(training: Training, snapshot: Snapshot) -> str:
    """What the model can do at the step that is seen."""
    if snapshot.step == training.steps:
        return outcome(training)
    return outcome_at(training, snapshot.step, *_examined(training, snapshot.step))


_exams: Cache[tuple[Exam, float]] = Cache()


def _examined(training: Training, step: int) -> tuple[Exam, float]:
    """The exam of a snapshot, which takes a moment."""
    key = (training.run, training.model.card.revision, step)
    return _exams.get(key, lambda: examined_at(training, step), is_light=True)


def _slider(training: Training) -> Snapshot:
    snapshots = {snapshot.step: snapshot for snapshot in training.snapshots}
    if len(snapshots) == 1:
        return training.snapshots[0]
    steps, at = list(snapshots), state.read(TrainState).step
    is_linked = address.IS_STEP_LINKED.pop()
    if at not in snapshots:
        nearest = steps[-1]
        if is_linked and at is not None:
            address.drop(f"at: {at}")
            nearest = _nearest(steps, at)
        state.change(TrainState, step=nearest)
    bound = state.bound(TrainState, "step")
    step = st.select_slider(say("train.at_step", language()), steps, **bound)
    return snapshots[step]


def _nearest(steps: Sequence[int], at: int) -> int:
    return min(steps, key=lambda step: abs(step - at))


def _save(training: Training) -> None:
    def data() -> bytes:  # asked for when the button is pressed
        return checkpoint.to_bytes(training)

    name = f"{training.run.name}.safetensors"
    mime = "application/octet-stream"
    download(say("train.save", language()), data, name, mime, key="checkpoint_save")


def _own_text(training: Training, model: Model, seen: Seen) -> None:
    """A text of one's own through the model of a snapshot: answers, and all its heads."""
    task = training.run.task
    symbols = " ".join(task.alphabet.symbols[:40])
    text = st.text_input(
        say("train.text", language()),
        **state.bound(TrainState, "own_text", usual=task.alphabet.example),
        help=markdown_text(say("train.text_help", language(), symbols=symbols)),
    )
    key = TraceKey.of(model.card, text)
    try:
        trace = caches.traced(key, model)
        _LAST_OWN.put((task.name, text))
    except AttnvizError as problem:
        show_error(problem)
        text = _last_own(task)
        key = key._replace(text=text)
        trace = caches.traced(key, model)
        called = model.card.called(language())
        notice = say("page.last", language(), model=called, text=text)
        st.info(markdown_text(notice))
    show_warnings(trace)
    show_answers(task, model, text, [token.text for token in trace.tokens])
    usual = opening.usual_pair(key, trace)
    address.drop(*map(str, fit_heads(training.run.name, trace.heads, usual)))
    opening.begin(key, usual)
    show_predictions(key, trace)
    viewer(key, trace, usual, lambda: share("train", seen()))
    address.keep_link(seen())


def _last_own(task: Task) -> str:
    """The last text that this task could read; at first its example."""
    of, text = _LAST_OWN.get()
    return text if of == task.name else task.alphabet.example
