"""Small encoders that the learner trains in a chapter."""

from collections.abc import Sequence

import streamlit as st

from attnviz.lessons.engine import Chapter, Scene
from attnviz.lessons.trained import finished
from attnviz.texts import say
from attnviz.training.run import Run
from attnviz.ui.errors import clear_errors, fragment
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import keep_trainings
from attnviz.ui.server.jobs import Job
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.training_texts import progress_text, share_done

ASK_SECONDS = 0.5
_JOBS: SessionValue[tuple[Job, ...]] = SessionValue("lesson_jobs", ())


def train_here(chapter: Chapter, scene: Scene) -> None:
    """A button that trains what this chapter compares, and how far that is."""
    runs = chapter.runs(scene)
    if not runs:
        return
    open_runs = [run for run in runs if finished(scene, run) is None]
    jobs = _JOBS.get()
    st.button(
        say("walk.train", language(), encoders=len(open_runs)),
        type="primary",
        key="lesson_train",
        disabled=not open_runs or bool(jobs),
        on_click=_start,
        args=(open_runs,),
    )
    if jobs:
        with clear_errors():
            fragment(_state_of_jobs, run_every=ASK_SECONDS)()


def _start(runs: list[Run]) -> None:
    _JOBS.put(tuple(Job(run.task.name, run.heads, run.layers, run.seed, run.steps) for run in runs))


def _state_of_jobs() -> None:
    jobs = _JOBS.get()
    for job in jobs:
        job.ask()
    if not any(job.is_running for job in jobs):
        _take(jobs)
    for job in jobs:
        name = say(f"task.{job.task}", language())
        heads = say("train.compare_heads", language(), heads=job.heads)
        is_done = job.training is not None
        share = 1.0 if is_done else share_done(job.latest)
        text = "✓" if is_done else progress_text(job)
        st.progress(share, markdown_text(f"{name}, {heads} · {text}"))


def _take(jobs: Sequence[Job]) -> None:
    """Take over what the jobs brought, and draw the chapter with it."""
    _JOBS.forget()
    keep_trainings([job.training for job in jobs if job.training is not None])
    for job in jobs:
        if job.problem is not None:
            raise job.problem
    st.rerun()
