"""Slow work with a progress bar, which appears only if the work takes long enough."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.models.progress import Progress
from attnviz.runtime.queue import Visitor, asked_by
from attnviz.texts import Language, say
from attnviz.ui import frame
from attnviz.ui.server import lifespan
from attnviz.ui.server.log import carry, session
from attnviz.ui.state import goes_on

_bars = count()
Result = TypeVar("Result")
PATIENCE = 0.5  # seconds without a progress bar
TICK = 1.0  # seconds between two looks at what to say


def await_start() -> None:
    """Wait, with a sentence that says so, until torch and all that runs a model is imported."""
    if not lifespan.is_started():
        with st.spinner(say("progress.start", frame.language())):
            lifespan.start()


def with_progress(work: Callable[[Progress], Result], language: Language, name: str) -> Result:
    """The result of `work`, which is given a function to report to.

    The work runs in a thread of its own: it may report from any thread, and only this
    one draws. Work that still waits is dropped when the page is left or run anew.
    """
    latest = (0.0, say(f"progress.{name}", language))
    left = threading.Event()

    def report(share: float, what: str) -> None:
        nonlocal latest
        latest = (share, say(f"progress.{what}", language))

    def show_place(place: int) -> None:
        nonlocal latest
        latest = (0.0, say("progress.queue", language, place=place))

    def run() -> Result:
        with asked_by(Visitor(session(), show_place, left.is_set)):
            return work(report)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(carry().run, run)
        try:
            _watch(future, lambda: latest)
        except BaseException:  # the page's own signals, too: it was left, or runs anew
            left.set()
            raise
        return future.result()


def _watch(future: Future[Result], latest: Callable[[], tuple[float, str]]) -> None:
    """Show what is reported until it is done; a message is sent only when there is news."""
    wait([future], PATIENCE)
    if future.done():
        return
    bar, shown = _corner().empty(), None
    while not future.done():
        if (state := latest()) != shown:
            bar.progress(*state)
            shown = state
        wait([future], TICK)
        goes_on()
    bar.empty()


def this_visitor() -> Visitor:
    """The session that this thread runs for, which waits in its own thread."""
    return Visitor(session(), has_left=lambda: not goes_on())


def _corner() -> DeltaGenerator:
    """A place in the corner of the window, where a bar that comes and goes moves nothing."""
    return st.container(key=f"progress_{next(_bars)}")
