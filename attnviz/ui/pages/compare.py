"""One head against eight: four trainings side by side, at equal parameters."""

from collections.abc import Callable

import streamlit as st

from attnviz.pictures.learning import Bar, bars
from attnviz.share.state import TrainState
from attnviz.texts import say
from attnviz.training.tasks import task_called, tasks
from attnviz.ui import state
from attnviz.ui.components.figures import show_chart
from attnviz.ui.errors import clear_errors, fragment
from attnviz.ui.frame import language, mode
from attnviz.ui.server.jobs import Job
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.training_saving import save_comparison
from attnviz.ui.widgets.training_texts import outcome, progress_text, share_done

FEW, MANY = 1, 8
COUNTER_EXAMPLE = "reverse"
ASK_SECONDS = 0.5
PLOT_HEIGHT = 380
_JOBS: SessionValue[tuple[Job, ...]] = SessionValue("compare_jobs", ())
_IS_AWAITED = SessionValue("compare_waited", False)


def compare_page(page_state: TrainState, share_here: Callable[[], None]) -> None:
    """Choose a task of several looks; train it and the counter-example with 1 and 8 heads.

    `share_here` is the page's way to share what is seen.
    """
    names = [name for name, task in tasks().items() if task.one_head is not None]
    with st.container(key="compare_choice", horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            say("train.task", language()),
            names,
            format_func=lambda task: say(f"task.{task}", language()),
            **state.bound(TrainState, "compare_task", "index", names, usual=names[0]),
            width=260,
        )
        st.button(
            say("train.compare_start", language()),
            type="primary",
            key="compare_start",
            on_click=_start,
            args=(name,),
            disabled=_is_running(),
        )
    counter_example = say(f"task.{COUNTER_EXAMPLE}", language())
    st.caption(markdown_text(say("train.compare_note", language(), other=counter_example)))
    with clear_errors():
        if page_state.is_compared and not jobs():  # a link alone starts nothing
            st.info(say("train.compare_linked", language()))
        if jobs():
            fragment(_state_of_jobs, run_every=ASK_SECONDS if _is_running() else None)(share_here)
    st.caption(say("train.honest", language()))


def jobs() -> tuple[Job, ...]:
    """The trainings that are compared; none before they are started."""
    return _JOBS.get()


def _is_running() -> bool:
    return any(job.is_running for job in jobs())


def _start(name: str) -> None:
    _JOBS.put(
        tuple(
            Job(task, heads, task_called(task).needs_layers, 0, None)
            for task in (name, COUNTER_EXAMPLE)
            for heads in (FEW, MANY)
        )
    )
    _IS_AWAITED.put(True)


def _state_of_jobs(share_here: Callable[[], None]) -> None:
    """The bars of what is done, and the state of what is not."""
    compared = jobs()
    for job in compared:
        job.ask()
        if job.problem is not None:
            raise job.problem
    if _IS_AWAITED.get() and not _is_running():
        _IS_AWAITED.put(False)
        st.rerun()
    task = task_called(compared[0].task)
    accuracies_drawn = [
        Bar(_task(job), _heads(job), _accuracy(job), _parameters(job)) for job in compared
    ]
    title = say("train.compare_title", language())
    picture = bars(
        accuracies_drawn,
        title,
        theory=task.theory(compared[0].layers),
        mode=mode(),
        language=language(),
    )
    left, right = st.columns([3, 2])
    with left:
        show_chart(picture, "compare_bars", PLOT_HEIGHT)
    with right:
        for job in compared:
            _line(job)
        with st.container(horizontal=True):
            save_comparison([job.training for job in compared if job.training])
            share_here()


def _task(job: Job) -> str:
    return say(f"task.{job.task}", language())


def _heads(job: Job) -> str:
    if job.heads == 1:
        return say("train.compare_head", language())
    return say("train.compare_heads", language(), heads=job.heads)


def _accuracy(job: Job) -> float | None:
    return job.training.accuracy if job.training else None


def _parameters(job: Job) -> int:
    return job.training.parameters if job.training else 0


def _line(job: Job) -> None:
    """One training in words: how far it is, or what came out."""
    name = markdown_text(f"{_task(job)}, {_heads(job)}")
    if job.training is not None:
        st.markdown(f"**{name}** · {markdown_text(outcome(job.training))}")
    else:
        st.progress(share_done(job.latest), f"{name} · {markdown_text(progress_text(job))}")
