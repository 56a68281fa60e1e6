"""The Train page: choose a task, train, and slide through the steps."""

from pathlib import Path

import numpy as np
import streamlit as st
from jaxtyping import Float

from attnviz.errors import AttnvizError
from attnviz.models.load import Model
from attnviz.pictures.learning import learning
from attnviz.pictures.live import live_curve
from attnviz.pictures.looks import looks
from attnviz.runtime.kept import Kept
from attnviz.runtime.queue import in_turn
from attnviz.share.state import TRAIN
from attnviz.texts import say
from attnviz.training import checkpoint
from attnviz.training.looks import TEXTS, mean_looks
from attnviz.training.loop import examined_at
from attnviz.training.record import Exam, Snapshot, Training
from attnviz.training.run import MOST_LAYERS, MOST_SEED, MOST_STEPS, Run, checked
from attnviz.training.tasks import Task, task_called, tasks
from attnviz.ui import address, caches, state
from attnviz.ui.address import FIRST_TASK
from attnviz.ui.caches import TraceKey
from attnviz.ui.components.figures import show_chart
from attnviz.ui.frame import came_back, clear_errors, fragment, header, language, mode, show_error
from attnviz.ui.pages import compare
from attnviz.ui.server.jobs import Job
from attnviz.ui.widgets import inputs
from attnviz.ui.widgets.answers import show_replies
from attnviz.ui.widgets.downloads import download
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.saving import save_training
from attnviz.ui.widgets.sharing import share
from attnviz.ui.widgets.training_texts import news, outcome, outcome_at, share_done
from attnviz.ui.widgets.viewer import viewer
from attnviz.ui.widgets.warnings import show_warnings

HEADS = (1, 2, 4, 8)
NEWS_SECONDS = 0.5
PLOT_HEIGHT = 330


def train_page() -> None:
    """The whole page."""
    if came_back():
        st.session_state.pop("trained", None)
    address.open_link(TRAIN)
    header("train.lead")
    dropped = st.container()
    view = inputs.segments("train.view", ("one", "compare"))
    if view == "compare":
        compare.compare_page()
    else:
        _one_training()
    with dropped:
        address.show_dropped()
    address.keep_link(TRAIN)


def _one_training() -> None:
    with clear_errors():
        run = _choice()
        _buttons(run)
        job: Job | None = st.session_state.get("job")
        if job is not None:
            _finish(job) if not job.is_running else fragment(_news, run_every=NEWS_SECONDS)()
        elif state.values().get("is_trained") and not st.session_state.get("trained"):
            st.info(markdown_text(_linked(run)))
        elif (training := _training(run)) is not None:
            fragment(_result)(training)
        else:
            st.info(say("train.nothing", language()))
        st.caption(say("train.honest", language()))


def _linked(run: Run) -> str:
    """What a link asks to see trained: a link alone starts nothing."""
    chosen = {name: getattr(run, name) for name in ("heads", "layers", "seed", "steps")}
    return say("train.linked", language(), task=say(f"task.{run.task.name}", language()), **chosen)


def _choice() -> Run:
    """What to train, as chosen, within the limits."""
    names = list(tasks())
    for key, start in (("task", FIRST_TASK), ("heads", HEADS[-1]), ("seed", 0)):
        state.value(key, start)
    with st.container(key="train_choice", horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            say("train.task", language()),
            names,
            format_func=lambda task: say(f"task.{task}", language()),
            **state.bound("task", "index", names, _forget_own_choices),
        )
        task = task_called(name)
        state.value("steps", task.steps)
        state.value("layers", task.needs_layers)
        heads = st.selectbox(
            say("train.heads", language()),
            HEADS,
            **state.bound("heads", "index", HEADS),
            width=90,
        )
        layers = st.number_input(
            say("train.layers", language()),
            1,
            MOST_LAYERS,
            **state.bound("layers"),
            width=120,
        )
        seed = st.number_input(
            say("train.seed", language()),
            0,
            MOST_SEED,
            **state.bound("seed"),
            width=120,
        )
        steps = st.number_input(
            say("train.steps", language()),
            1,
            MOST_STEPS,
            **state.bound("steps"),
            width=130,
        )
    st.caption(markdown_text(say(f"task.{name}_asks", language())))
    run = checked(task, heads, int(layers), int(seed), int(steps))
    needs = say(f"task.{name}_needs", language())
    parameters = f"{run.shape.parameters:,}"
    said = say("train.parameters", language(), parameters=parameters, needs=needs)
    st.caption(markdown_text(said))
    return run


def _forget_own_choices() -> None:
    """A new task starts with its own steps, layers and text, and with nothing trained."""
    state.forget("steps", "layers", "own_text", "is_trained")
    st.session_state.pop("trained", None)


def _buttons(run: Run) -> None:
    job: Job | None = st.session_state.get("job")
    with st.container(key="train_buttons", horizontal=True, vertical_alignment="bottom"):
        if job is None:
            st.button(
                say("train.start", language()),
                type="primary",
                key="train_start",
                on_click=_start,
                args=(run,),
            )
        else:
            st.button(say("train.stop", language()), key="train_stop", on_click=job.stop)
        with st.popover(say("train.open", language())):
            st.file_uploader(
                say("train.open_file", language()),
                "safetensors",
                key="checkpoint_file",
                max_upload_size=2,
            )
    given = st.session_state.get("checkpoint_file")
    if given is not None and given.file_id != st.session_state.get("checkpoint_opened"):
        st.session_state.checkpoint_opened = given.file_id
        if (opened := _opened(given.getvalue())) is not None:
            st.session_state.trained, st.session_state.trained_here = opened, False
            state.forget("own_text", "is_trained")  # it may be of another task


def _start(run: Run) -> None:
    st.session_state.trained = None
    state.forget("is_trained")
    st.session_state.job = Job(run.task.name, run.heads, run.layers, run.seed, run.steps)


def _news() -> None:
    """How the training goes; asked for again and again until it ends."""
    job: Job = st.session_state.job
    job.ask()
    if job.wait(0.01):
        st.rerun()
    st.progress(share_done(job.latest), markdown_text(news(job)))
    if job.course and job.latest:
        theory = task_called(job.task).theory(job.layers)
        st.image(live_curve(job.course, job.latest.steps, theory, mode(), language()))


def _finish(job: Job) -> None:
    """Take over what a job has brought, and let the page be drawn with it."""
    del st.session_state.job
    if job.problem is not None:
        raise job.problem
    st.session_state.trained, st.session_state.trained_here = job.training, True
    st.rerun()


def _training(run: Run) -> Training | None:
    """The last training of this page, else a shipped checkpoint that fits the choice."""
    trained: Training | None = st.session_state.get("trained")
    if trained is not None:
        return trained
    for file in checkpoint.shipped().values():
        training = _shipped(file)
        shipped = training.run
        if (shipped.task.name, shipped.heads, shipped.layers) == (
            run.task.name,
            run.heads,
            run.layers,
        ):
            return training
    return None


@st.cache_resource(show_spinner=False)
def _shipped(file: Path) -> Training:
    return checkpoint.load(file)


def _opened(data: bytes) -> Training | None:
    """The training in an uploaded file."""
    try:
        with in_turn(is_light=True):
            return checkpoint.from_bytes(data, "checkpoint.safetensors")
    except AttnvizError as problem:
        show_error(problem)
        return None


def _result(training: Training) -> None:
    """A finished training: its curve, its snapshots, its answers, its heads."""
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
    shares = _mean_looks(model, run.task)
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
            is_opened = training is st.session_state.get("trained")
            st.info(say("train.opened" if is_opened else "train.shipped", language()))
        _save(training)
        save_training(training, shares)
    with right:
        names = [say(f"look.{look}", language()) for look in run.task.looks]
        picture = looks(
            shares, names, model.card.called(language()), TEXTS, mode=mode(), language=language()
        )
        show_chart(picture, "looks", PLOT_HEIGHT)
    with clear_errors():
        _own_text(training, model)


def _reached(training: Training, snapshot: Snapshot) -> str:
    """What the encoder can do at the step that is seen."""
    if snapshot.step == training.steps:
        return outcome(training)
    return outcome_at(training, snapshot.step, *_examined(training, snapshot.step))


_exams: Kept[tuple[Exam, float]] = Kept()


def _examined(training: Training, step: int) -> tuple[Exam, float]:
    """The exam of a snapshot, which takes a moment."""
    key = (training.run, training.model.card.revision, step)
    return _exams.get(key, lambda: examined_at(training, step), is_light=True)


def _slider(training: Training) -> Snapshot:
    snapshots = {snapshot.step: snapshot for snapshot in training.snapshots}
    if len(snapshots) == 1:
        return training.snapshots[0]
    steps, now = list(snapshots), state.values()
    if now.pop("step_linked", False) and now["step"] not in snapshots:
        address.drop(f"at: {now['step']}")
        now["step"] = min(steps, key=lambda step: abs(step - now["step"]))
    elif now.get("step") not in snapshots:
        now["step"] = steps[-1]
    step = st.select_slider(say("train.at_step", language()), steps, **state.bound("step"))
    return snapshots[step]


_shares: Kept[Float[np.ndarray, "layer head look"]] = Kept()


def _mean_looks(model: Model, task: Task) -> Float[np.ndarray, "layer head look"]:
    """How much of each head's attention lies on each true target, for many random texts."""
    key = (model.name, model.card.revision, task.name)
    return _shares.get(key, lambda: mean_looks(model, task), is_light=True)


def _save(training: Training) -> None:
    def data() -> bytes:  # asked for when the button is pressed
        return checkpoint.to_bytes(training)

    name = f"{training.run.name}.safetensors"
    mime = "application/octet-stream"
    download(say("train.save", language()), data, name, mime, key="checkpoint_save")


def _own_text(training: Training, model: Model) -> None:
    """A text of one's own through the model of a snapshot: answers, and all its heads."""
    task = training.run.task
    state.value("own_text", task.alphabet.example)
    symbols = " ".join(task.alphabet.symbols[:40])
    text = st.text_input(
        say("train.text", language()),
        **state.bound("own_text"),
        help=markdown_text(say("train.text_help", language(), symbols=symbols)),
    )
    key = TraceKey(model.name, model.card.revision, text, None)
    try:
        trace = caches.traced(key, model)
        st.session_state.last_own = (task.name, text)
    except AttnvizError as problem:
        show_error(problem)
        text = _last_own(task)
        key = key._replace(text=text)
        trace = caches.traced(key, model)
        called = model.card.called(language())
        said = say("page.last", language(), model=called, text=text)
        st.info(markdown_text(said))
    show_warnings(trace)
    show_replies(task, model, text, [token.text for token in trace.tokens])
    a, b, divergence = caches.most_different_of(key, trace)
    inputs.set_default_heads((a, b), training.run.name, trace.heads)
    viewer(key, trace, divergence, lambda: share("train", TRAIN))
    address.keep_link(TRAIN)


def _last_own(task: Task) -> str:
    """The last text that this task could read; at first its example."""
    of, text = st.session_state.get("last_own", ("", ""))
    return text if of == task.name else task.alphabet.example
