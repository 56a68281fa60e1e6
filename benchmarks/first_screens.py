"""The first screen of every chapter: from the click on its name to its figure, in Chromium.

Beside each stands a rerun of an empty page, from the click to the frame that shows it, and what
the click costs the server. Every chapter was shown once before: the server is warm. A step of a
figure and a hover need no server; they are measured with the layout that they cause.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

import attnviz
from benchmarks.browser import ROOT, chromium, machine, served, server_cpu
from benchmarks.tables import titled

EMPTY = """
import streamlit as st
import torch, transformers.models.bert.modeling_bert
st.session_state.count = st.session_state.get("count", 0) + 1
with st.container(key=f"again_{st.session_state.count}"):
    st.button("again")
"""
RUNS = 7
QUIET = 700  # ms after which the server has nothing more to do
SHOWN = """([click, there]) => new Promise((done) => {
  const start = performance.now();
  document.querySelector(click).click();
  const look = () => requestAnimationFrame(() => (
    document.querySelector(there) ? done(performance.now() - start) : look()
  ));
  look();
})"""
LONGEST = """([parts, event]) => {
  const trees = [...document.querySelectorAll("*")].flatMap((e) => e.shadowRoot ?? []);
  const figure = trees.map((tree) => tree.querySelector(".stepped")).find(Boolean);
  const found = [...figure.querySelectorAll(parts)].filter((one) => one.checkVisibility());
  return Math.max(0, ...found.slice(0, 60).map((one) => {
    const start = performance.now();
    one.dispatchEvent(new MouseEvent(event, { bubbles: true }));
    figure.getBoundingClientRect();
    return performance.now() - start;
  }));
}"""
COLUMNS = {
    "chapter": ("chapter", "{:.0f}"),
    "ratio": ("first screen ÷ empty rerun", "{:.1f}"),
    "ms": ("click to figure, ms", "{:.0f}"),
    "cpu_ms": ("server's CPU, ms", "{:.0f}"),
    "step_ms": ("longest step, ms", "{:.1f}"),
    "hover_ms": ("longest hover, ms", "{:.1f}"),
}


def measured() -> list[dict[str, float]]:
    """A row for every chapter, medians of several tours through all of them."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        empty = _empty(browser, script)
        rows = _chapters(browser)
    about = {"empty_ms": empty, "load": load}
    return [{**row, "ratio": row["ms"] / empty, **about} for row in rows]


def _empty(browser: Browser, script: Path) -> float:
    """From a click to the frame that shows the next run of an empty page."""
    with served(script) as address:
        page = _opened(browser, address, ".st-key-again_1 button")
        times = []
        for run in range(1, 2 * RUNS):
            there = f".st-key-again_{run + 1} button"
            times.append(page.evaluate(SHOWN, [f".st-key-again_{run} button", there]))
            page.wait_for_timeout(QUIET)
        page.close()
    return float(median(times))


def _chapters(browser: Browser) -> list[dict[str, float]]:
    chapters = attnviz.chapters()
    first, *_ = chapters
    there = {c.number: f".st-key-panel_{c.number}_{c.parts[0].name}[data-drawn]" for c in chapters}
    found: dict[int, list[dict[str, float]]] = {number: [] for number in there}
    with served(ROOT / "app.py") as address:
        page = _opened(browser, f"{address}/walkthrough?v=1", there[first.number])
        for tour in range(RUNS + 1):
            for number in (*list(there)[1:], first.number):
                row = _click(page, number, there[number])
                if tour:  # in the first all is drawn for the first time
                    found[number].append(row)
        page.close()
    return [{"chapter": number, **_medians(rows)} for number, rows in found.items()]


def _click(page: Page, number: int, there: str) -> dict[str, float]:
    """What the click on a chapter's name costs, and then its figure's steps and hovers."""
    before = server_cpu()
    name = f".st-key-walk_chapter button:nth-of-type({number})"
    ms = page.evaluate(SHOWN, [name, there])
    page.wait_for_timeout(QUIET)
    cpu = 1000 * (server_cpu() - before)
    steps = [page.evaluate(LONGEST, [".stepper .on", "click"]) for _ in range(7)]
    hover = page.evaluate(LONGEST, ["svg [data-says]", "pointerover"])
    return {"ms": ms, "cpu_ms": cpu, "step_ms": max(steps), "hover_ms": hover}


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: median(row[name] for row in rows) for name in rows[0]}


def _opened(browser: Browser, address: str, there: str) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_selector(there, timeout=90_000, state="attached")
    page.wait_for_timeout(3 * QUIET)
    return page


def markdown(rows: Sequence[Mapping[str, float]]) -> str:
    """The table, and how it was made."""
    about = [
        "The first screen of a chapter, from the click on its name until its figure is drawn",
        "in Chromium (27 tokens, each chapter shown once before), ÷ a rerun of an empty",
        "Streamlit page with torch loaded, from the click to its frame "
        f"({rows[0]['empty_ms']:.0f} ms);",
        f"steps and hovers with the layout that they cause. {machine(rows[0]['load'])}",
    ]
    return titled(about, COLUMNS, rows)


if __name__ == "__main__":
    print(markdown(measured()))
