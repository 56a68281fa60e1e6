"""A rerun that changes head B against a rerun of an empty page, over Streamlit's websocket.

Both pages are served by one process each, with torch loaded and the settings of this
repository; a rerun is what a browser sends, and its time is until the script finished.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from benchmarks.browser import ROOT, chromium, served

EMPTY = """
import streamlit as st
import torch, transformers.models.bert.modeling_bert
st.button("again")
"""
RUNS = 15


class Clock:
    """Times one rerun: from the frame that asks for it to the frame that ends it."""

    def __init__(self, page: Page) -> None:
        self.sent = self.last = 0.0
        page.on("websocket", self._listen)

    def _listen(self, websocket: object) -> None:
        websocket.on("framesent", lambda _: self._mark("sent"))  # type: ignore[attr-defined]
        websocket.on("framereceived", lambda _: self._mark("last"))  # type: ignore[attr-defined]

    def _mark(self, name: str) -> None:
        setattr(self, name, time.perf_counter())

    @property
    def milliseconds(self) -> float:
        """From the last frame sent to the last one received."""
        return 1000 * (self.last - self.sent)


def head_reruns(page: Page, clock: Clock) -> list[float]:
    """Times of reruns that change head B by the keyboard, on the overview."""
    page.wait_for_selector(".st-key-lines .attnviz svg .lines", state="attached", timeout=90_000)
    page.wait_for_timeout(1500)
    times = []
    page.locator("canvas.map").focus()
    for _ in range(RUNS):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("b")
        page.wait_for_timeout(1200)
        times.append(clock.milliseconds)
        page.locator("canvas.map").focus()
    return times


def empty_reruns(page: Page, clock: Clock) -> list[float]:
    """Times of reruns of a page that shows one button."""
    page.wait_for_selector("button:has-text('again')", timeout=90_000)
    page.wait_for_timeout(1500)
    times = []
    for _ in range(RUNS):
        page.get_by_text("again").click()
        page.wait_for_timeout(500)
        times.append(clock.milliseconds)
    return times


def rerun_ratio() -> dict[str, float]:
    """The two medians in milliseconds, and their ratio."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        for name, script, run in (
            ("empty_ms", empty, empty_reruns),
            ("head_ms", ROOT / "app.py", head_reruns),
        ):
            with served(script) as address:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                clock = Clock(page)
                page.goto(address)
                found[name] = median(run(page, clock))
                page.close()
    return {**found, "ratio": found["head_ms"] / found["empty_ms"]}
