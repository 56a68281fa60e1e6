"""Saving what one sees: pages, pictures, numbers, the whole trace."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from attnviz.core.trace import Trace
from attnviz.export.numbers import MOST_WEIGHTS, as_csv, as_json, as_npz, as_parquet
from attnviz.export.training import comparison_csv, course_csv, target_shares_csv
from attnviz.lessons.chapter_file import chapter_numbers, chapter_page
from attnviz.lessons.engine import Chapter, Scene
from attnviz.lessons.link import Progress
from attnviz.models.load import load
from attnviz.pictures.arguments import can_be_pinned
from attnviz.pictures.explorer import Explorer, explore
from attnviz.pictures.shown import Shown, shown
from attnviz.share.state import ViewState
from attnviz.texts import Language, say
from attnviz.training.record import Training
from attnviz.ui import state
from attnviz.ui.caches import TraceKey, traced
from attnviz.ui.components.figures import lazy_popover
from attnviz.ui.frame import language
from attnviz.ui.widgets.controls import Choices
from attnviz.ui.widgets.downloads import download
from attnviz.ui.widgets.figure_saving import save_figure

Maker = Callable[[], bytes]


def save(key: TraceKey, trace: Trace, choices: Choices) -> None:
    """The figure as it will be saved, and a button for each kind of file.

    A file is made when its button is pressed.
    """
    spoken: Language = language()  # the session is gone when a file is made
    of = "" if key.kind is None else f"{key.kind}-"
    name = f"attnviz-{of}" + "-".join(f"L{head.layer}H{head.head}" for head in choices.heads)
    with lazy_popover(say("page.save", spoken), "save_open") as is_open:
        if is_open:
            with st.container(key="save_panel"):
                _ways(key, trace, choices, name, spoken)


def _ways(key: TraceKey, trace: Trace, choices: Choices, name: str, spoken: Language) -> None:
    """The figure, the numbers, the page."""
    seen = _seen(trace, choices, spoken)
    save_figure(key, seen, name)
    st.divider()
    with st.container(horizontal=True, key="save_numbers"):
        _numbers(trace, choices, name, spoken)
        _button("npz", f"{name}.npz", "application/zip", lambda: as_npz(_every(key, trace)))
    _button("html", f"{name}.html", "text/html", lambda: seen.to_html().encode())


def _every(key: TraceKey, trace: Trace) -> Trace:
    """The trace with all its kinds of attention."""
    return trace if key.kind is None else traced(key.whole, load(key.model))


def save_chapter(chapter: Chapter, scene: Scene, progress: Progress) -> None:
    """A chapter of the walkthrough as a page, and the numbers behind its figure."""
    name = f"attnviz-chapter-{chapter.number}"
    with lazy_popover(say("page.save", language()), "save_open") as is_open:
        if is_open:
            page, numbers = f"{name}.html", f"{name}.json"
            _button("chapter", page, "text/html", lambda: _chapter(chapter, scene, progress))
            _button("json", numbers, "application/json", lambda: _values(chapter, scene))


def _chapter(chapter: Chapter, scene: Scene, progress: Progress) -> bytes:
    return chapter_page(chapter, scene, progress).encode()


def _values(chapter: Chapter, scene: Scene) -> bytes:
    return chapter_numbers(chapter, scene).encode()


def save_training(training: Training, shares: np.ndarray) -> None:
    """A training's course and target shares as tables."""
    name, spoken = training.run.name, language()
    with lazy_popover(say("page.save", language()), "save_training_open") as is_open:
        if is_open:
            course, shares_file = f"{name}-course.csv", f"{name}-looks.csv"
            _button("course", course, "text/csv", lambda: course_csv(training, spoken).encode())
            _button(
                "looks",
                shares_file,
                "text/csv",
                lambda: target_shares_csv(training, shares, spoken).encode(),
            )


def save_comparison(trainings: Sequence[Training]) -> None:
    """What compared trainings have reached, as a table."""
    name, spoken = "attnviz-one-head-against-eight.csv", language()
    with lazy_popover(say("page.save", language()), "save_comparison_open") as is_open:
        if is_open:
            _button(
                "comparison", name, "text/csv", lambda: comparison_csv(trainings, spoken).encode()
            )


def _button(kind: str, name: str, mime: str, made: Maker, *, disabled: bool = False) -> None:
    label = say(f"page.save_{kind}", language())
    download(label, made, name, mime, key=f"save_{kind}", disabled=disabled)


def _seen(trace: Trace, choices: Choices, spoken: Language) -> Explorer:
    """What is seen, as a picture of its own."""
    return explore(
        trace,
        choices.heads,
        choices.lens,
        combination=choices.combination,
        direction=choices.direction,
        arrangement=choices.arrangement,
        pins=[pin for pin in state.read(ViewState).pins if can_be_pinned(pin, trace)],
        language=spoken,
    )


def _numbers(trace: Trace, choices: Choices, name: str, spoken: Language) -> None:
    """CSV and JSON of what is drawn, as long as a spreadsheet could hold it."""
    heads = 1 if choices.combination else len(choices.heads)
    sides = (trace.query_tokens(), trace.key_tokens())
    queries, keys = (part.stop - part.start for part in choices.lens.parts(*sides))
    weights = heads * queries * keys
    too_many = weights > MOST_WEIGHTS

    def maps() -> tuple[Shown, ...]:
        return shown(trace, choices.heads, choices.lens, choices.combination)

    _button(
        "csv",
        f"{name}.csv",
        "text/csv",
        lambda: as_csv(maps(), spoken).encode("utf-8-sig"),
        disabled=too_many,
    )
    _button(
        "json",
        f"{name}.json",
        "application/json",
        lambda: as_json(maps(), spoken).encode(),
        disabled=too_many,
    )
    _button(
        "parquet",
        f"{name}.parquet",
        "application/vnd.apache.parquet",
        lambda: as_parquet(maps(), spoken),
        disabled=too_many,
    )
    if too_many:
        st.caption(
            say("page.save_too_many", spoken, weights=f"{weights:,}", most=f"{MOST_WEIGHTS:,}")
        )
