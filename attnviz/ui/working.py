"""Slow work with a progress bar, which appears only if the work takes long enough."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import count
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.budget.queue import telling
from attnviz.models.progress import Progress
from attnviz.ui.journal import carry
from attnviz.words import Language, say

_bars = count()
Result = TypeVar("Result")
PATIENCE = 0.5  # seconds without a progress bar
TICK = 0.05


def with_progress(work: Callable[[Progress], Result], language: Language, name: str) -> Result:
    """The result of `work`, which is given a function to report to.

    The work runs in a thread of its own: it may report from any thread, and only this
    one draws.
    """
    latest = [(0.0, say(f"progress.{name}", language))]

    def report(share: float, what: str) -> None:
        latest.append((share, say(f"progress.{what}", language)))

    def told(place: int) -> None:
        latest.append((0.0, say("progress.queue", language, place=place)))

    def run() -> Result:
        with telling(told):
            return work(report)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(carry().run, run)
        started, bar = time.monotonic(), None
        while not future.done():
            wait([future], TICK)
            if time.monotonic() - started < PATIENCE:
                continue
            bar = bar or _corner().empty()
            bar.progress(*latest[-1])
        if bar is not None:
            bar.empty()
        return future.result()


def _corner() -> DeltaGenerator:
    """A place in the corner of the window, where a bar that comes and goes moves nothing."""
    return st.container(key=f"progress_{next(_bars)}")
