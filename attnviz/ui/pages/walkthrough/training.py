"""The workshop of a chapter: small encoders that the learner trains there."""

import streamlit as st

from attnviz.lessons.engine import Chapter, Scene
from attnviz.lessons.trained import finished
from attnviz.texts import say
from attnviz.training.run import Run
from attnviz.ui.frame import clear_errors, fragment, language
from attnviz.ui.pages.walkthrough.progress import trainings
from attnviz.ui.server.jobs import Job
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.training_texts import news, share_done

NEWS_SECONDS = 0.5


def workshop(chapter: Chapter, scene: Scene) -> None:
    """A button that trains what this chapter compares, and how far that is."""
    runs = chapter.runs(scene)
    if not runs:
        return
    open_runs = [run for run in runs if finished(scene, run) is None]
    jobs: list[Job] = st.session_state.get("lesson_jobs", [])
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
            fragment(_news, run_every=NEWS_SECONDS)()


def _start(runs: list[Run]) -> None:
    st.session_state.lesson_jobs = [
        Job(run.task.name, run.heads, run.layers, run.seed, run.steps) for run in runs
    ]


def _news() -> None:
    jobs: list[Job] = st.session_state.get("lesson_jobs", [])
    for job in jobs:
        job.ask()
    if not any(job.is_running for job in jobs):
        _take(jobs)
    for job in jobs:
        name = say(f"task.{job.task}", language())
        heads = say("train.compare_heads", language(), heads=job.heads)
        done = job.training is not None
        share = 1.0 if done else share_done(job.latest)
        text = "✓" if done else news(job)
        st.progress(share, markdown_text(f"{name}, {heads} · {text}"))


def _take(jobs: list[Job]) -> None:
    """Take over what the jobs brought, and draw the chapter with it."""
    del st.session_state.lesson_jobs
    done = tuple(job.training for job in jobs if job.training is not None)
    st.session_state.lesson_trainings = (*trainings(), *done)[-32:]
    for job in jobs:
        if job.problem is not None:
            raise job.problem
    st.rerun()
