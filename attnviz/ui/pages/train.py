"""The Train page: choose a task, train, and slide through the steps."""

from dataclasses import replace
from functools import partial

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.pictures.live_curve import live_curve
from attnviz.runtime.queue import in_turn
from attnviz.share.state import TRAIN, TrainState
from attnviz.texts import say
from attnviz.training import checkpoint
from attnviz.training.record import Training
from attnviz.training.run import MOST_LAYERS, MOST_SEED, MOST_STEPS, Run, checked
from attnviz.training.tasks import Task, task_called, tasks
from attnviz.ui import address, state
from attnviz.ui.errors import clear_errors, fragment, show_error
from attnviz.ui.frame import came_back, header, language, mode
from attnviz.ui.pages import compare
from attnviz.ui.pages.training_result import result
from attnviz.ui.server.jobs import Job
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.controls import segments
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.sharing import share
from attnviz.ui.widgets.training_texts import progress_text, share_done

FIRST_TASK = "eight-looks"
HEADS = (1, 2, 4, 8)
ASK_SECONDS = 0.5
LARGEST_FILE = 2  # MB
_JOB: SessionValue[Job | None] = SessionValue("job", None)
_TRAINED: SessionValue[Training | None] = SessionValue(
    "trained", None
)  # here, or opened from a file
_IS_TRAINED_HERE = SessionValue("trained_here", False)
_OPENED: SessionValue[str | None] = SessionValue(
    "checkpoint_opened", None
)  # the last uploaded file


def train_page() -> None:
    """The whole page."""
    if came_back():
        _TRAINED.forget()
    address.open_link(TRAIN)
    header("train.lead")
    dropped = st.container()
    segments(TrainState, "view", "train.view", ("one", "compare"))
    page_state = state.read(TrainState)
    if page_state.view == "compare":
        compare.compare_page(page_state, lambda: share("train", _seen()))
    else:
        _one_training(page_state)
    with dropped:
        address.show_dropped()
    address.keep_link(_seen())


def _seen() -> TrainState:
    """The settings of what is trained; those of the next one where nothing is."""
    page_state = state.read(TrainState)
    training = _TRAINED.get() if _IS_TRAINED_HERE.get() else None
    if training is not None and not training.was_stopped:
        run, step = training.run, None if page_state.step == training.steps else page_state.step
        task = run.task
        page_state = replace(
            page_state, heads=run.heads, layers=run.layers, seed=run.seed, steps=run.steps
        )
        page_state = replace(page_state, is_trained=True, step=step)
    else:
        task = _task(page_state)
        page_state = replace(page_state, step=None)
    is_compared = page_state.view == "compare"
    return replace(
        page_state,
        task=None if task.name == FIRST_TASK else task.name,
        layers=None if page_state.layers == task.needs_layers else page_state.layers,
        steps=None if page_state.steps == task.steps else page_state.steps,
        own_text=None if page_state.own_text == task.alphabet.example else page_state.own_text,
        compare_task=page_state.compare_task if is_compared else None,
        is_compared=is_compared and (page_state.is_compared or bool(compare.jobs())),
    )


def _task(page_state: TrainState) -> Task:
    return task_called(page_state.task or FIRST_TASK)


def _one_training(page_state: TrainState) -> None:
    with clear_errors():
        run = _choice(page_state)
        _buttons(run)
        job = _JOB.get()
        if job is not None:
            _finish(job) if not job.is_running else fragment(_state_of_job, run_every=ASK_SECONDS)()
        elif page_state.is_trained and _TRAINED.get() is None:
            st.info(markdown_text(_linked(run)))
        elif (training := _training(run)) is not None:
            is_opened = training is _TRAINED.get()
            fragment(result)(training, is_opened, _seen)
        else:
            st.info(say("train.nothing", language()))
            _offer_shipped(run.task)
        st.caption(say("train.honest", language()))


def _linked(run: Run) -> str:
    """What a link asks to see trained: a link alone starts nothing."""
    settings = {name: getattr(run, name) for name in ("heads", "layers", "seed", "steps")}
    return say(
        "train.linked", language(), task=say(f"task.{run.task.name}", language()), **settings
    )


def _choice(page_state: TrainState) -> Run:
    """What to train, as chosen, within the limits."""
    task = _task(page_state)
    with st.container(key="train_choice", horizontal=True, vertical_alignment="bottom"):
        run = checked(task, *_sizes(task))
    st.caption(markdown_text(say(f"task.{task.name}_asks", language())))
    if task.is_causal:
        st.caption(say("train.decoder", language()))
    needs = say(f"task.{task.name}_needs", language())
    parameters = f"{run.shape.parameters:,}"
    parameter_count = say("train.parameters", language(), parameters=parameters, needs=needs)
    st.caption(markdown_text(parameter_count))
    return run


def _sizes(task: Task) -> tuple[int, int, int, int]:
    """The boxes of a training: its task, and the heads, layers, seed and steps that they hold."""
    names, bound = list(tasks()), partial(state.bound, TrainState)
    st.selectbox(
        say("train.task", language()),
        names,
        format_func=lambda task: say(f"task.{task}", language()),
        **bound("task", "index", names, usual=FIRST_TASK, then=_forget_own_choices),
    )
    heads = st.selectbox(
        say("train.heads", language()), HEADS, **bound("heads", "index", HEADS), width=90
    )
    layers = _number("layers", "train.layers", 1, MOST_LAYERS, usual=task.needs_layers)
    seed = _number("seed", "train.seed", 0, MOST_SEED)
    steps = _number("steps", "train.steps", 1, MOST_STEPS, usual=task.steps, width=130)
    return heads, layers, seed, steps


def _number(
    name: str, label: str, least: int, most: int, *, usual: int | None = None, width: int = 120
) -> int:
    """The box of a whole number, and what it holds."""
    bound = state.bound(TrainState, name, usual=usual)
    return int(st.number_input(say(label, language()), least, most, **bound, width=width))


def _forget_own_choices() -> None:
    """A new task starts with its own steps, layers and text, and with nothing trained."""
    state.begin_anew(("steps", "layers", "own_text", "is_trained"))
    _TRAINED.forget()


def _buttons(run: Run) -> None:
    job = _JOB.get()
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
                say("train.open_file", language(), megabytes=LARGEST_FILE),
                "safetensors",
                key="checkpoint_file",
                max_upload_size=LARGEST_FILE,
            )
    checkpoint = state.taken("checkpoint_file")
    if checkpoint is not None and checkpoint.file_id != _OPENED.get():
        _OPENED.put(checkpoint.file_id)
        if (opened := _opened(checkpoint.getvalue())) is not None:
            _TRAINED.put(opened)
            _IS_TRAINED_HERE.put(False)
            state.begin_anew(("own_text", "is_trained"))  # it may be of another task


def _start(run: Run) -> None:
    _TRAINED.put(None)
    state.change(TrainState, is_trained=False)
    _JOB.put(Job(run.task.name, run.heads, run.layers, run.seed, run.steps))


def _state_of_job() -> None:
    """How the training goes; asked for again and again until it ends."""
    job = _JOB.get()
    if job is None:
        return
    job.ask()
    if job.wait(0.01):
        st.rerun()
    st.progress(share_done(job.latest), markdown_text(progress_text(job)))
    if job.course and job.latest:
        theory = task_called(job.task).theory(job.layers)
        st.image(live_curve(job.course, job.latest.steps, theory, mode(), language()))


def _finish(job: Job) -> None:
    """Take over what a job has brought, and let the page be drawn with it."""
    _JOB.forget()
    if job.problem is not None:
        raise job.problem
    _TRAINED.put(job.training)
    _IS_TRAINED_HERE.put(True)
    st.rerun()


def _training(run: Run) -> Training | None:
    """The last training of this page, else a shipped checkpoint that fits the choice."""
    if (trained := _TRAINED.get()) is not None:
        return trained
    sizes = (run.heads, run.layers)
    return next((t for t in _shipped(run.task) if (t.run.heads, t.run.layers) == sizes), None)


def _shipped(task: Task) -> list[Training]:
    """The checkpoints of a task that come with the package."""
    of_task = (name for name in checkpoint.shipped() if name.rpartition("-")[0] == task.name)
    return [checkpoint.load_shipped(name) for name in of_task]


def _offer_shipped(task: Task) -> None:
    """A button for a checkpoint of the task with other heads or layers, if one comes with us."""
    for training in _shipped(task)[-1:]:
        sizes = {"heads": training.run.heads, "layers": training.run.layers}
        st.button(
            say("train.show_shipped", language(), **sizes),
            key="train_show_shipped",
            on_click=partial(state.change, TrainState, **sizes),
        )


def _opened(data: bytes) -> Training | None:
    """The training in an uploaded file."""
    try:
        with in_turn(is_light=True):
            return checkpoint.from_bytes(data, "checkpoint.safetensors")
    except AttnvizError as problem:
        show_error(problem)
        return None
