"""One head against eight: four trainings side by side, at equal parameters."""

import streamlit as st

from attnviz.pictures.learning import Bar, bars
from attnviz.share.state import TRAIN
from attnviz.texts import say
from attnviz.training.tasks import task_called, tasks
from attnviz.ui import state
from attnviz.ui.components.figures import show_chart
from attnviz.ui.frame import clear_errors, fragment, language, mode
from attnviz.ui.server.jobs import Job
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.saving import save_comparison
from attnviz.ui.widgets.sharing import share
from attnviz.ui.widgets.training_texts import news, outcome, share_done

FEW, MANY = 1, 8
COUNTER_EXAMPLE = "reverse"
NEWS_SECONDS = 0.5
PLOT_HEIGHT = 380


def compare_page() -> None:
    """Choose a task of several looks; train it and the counter-example with 1 and 8 heads."""
    names = [name for name, task in tasks().items() if task.one_head is not None]
    state.value("compare_task", names[0])
    with st.container(key="compare_choice", horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            say("train.task", language()),
            names,
            format_func=lambda task: say(f"task.{task}", language()),
            **state.bound("compare_task", "index", names),
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
    other = say(f"task.{COUNTER_EXAMPLE}", language())
    st.caption(markdown_text(say("train.compare_note", language(), other=other)))
    with clear_errors():
        if state.values().get("is_compared") and not _jobs():  # a link alone starts nothing
            st.info(say("train.compare_linked", language()))
        if _jobs():
            fragment(_news, run_every=NEWS_SECONDS if _is_running() else None)()
    st.caption(say("train.honest", language()))


def _jobs() -> list[Job]:
    jobs: list[Job] = st.session_state.get("compare_jobs", [])
    return jobs


def _is_running() -> bool:
    return any(job.is_running for job in _jobs())


def _start(name: str) -> None:
    st.session_state.compare_jobs = [
        Job(task, heads, task_called(task).needs_layers, 0, None)
        for task in (name, COUNTER_EXAMPLE)
        for heads in (FEW, MANY)
    ]
    st.session_state.compare_waited = True


def _news() -> None:
    """The bars of what is done, and the state of what is not."""
    jobs = _jobs()
    for job in jobs:
        job.ask()
        if job.problem is not None:
            raise job.problem
    if st.session_state.get("compare_waited") and not _is_running():
        st.session_state.compare_waited = False
        st.rerun()
    task = task_called(jobs[0].task)
    results = [Bar(_task(job), _heads(job), _accuracy(job), _parameters(job)) for job in jobs]
    title = say("train.compare_title", language())
    picture = bars(
        results, title, theory=task.theory(jobs[0].layers), mode=mode(), language=language()
    )
    left, right = st.columns([3, 2])
    with left:
        show_chart(picture, "compare_bars", PLOT_HEIGHT)
    with right:
        for job in jobs:
            _line(job)
        with st.container(horizontal=True):
            save_comparison([job.training for job in jobs if job.training])
            share("train", TRAIN)


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
        st.progress(share_done(job.latest), f"{name} · {markdown_text(news(job))}")
