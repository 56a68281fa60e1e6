"""Saving what one sees: the lines as a page, the numbers as tables, the whole trace."""

from collections.abc import Callable, Sequence

import streamlit as st

from attnviz.export.numbers import as_csv, as_json, as_npz
from attnviz.figures.lines import Lines
from attnviz.figures.shown import Shown
from attnviz.tracing.record import Trace
from attnviz.ui.page import language
from attnviz.words import Language, say


def save(trace: Trace, drawn: Lines, maps: Sequence[Shown]) -> None:
    """A button for each kind of file; a file is made when its button is pressed."""
    spoken: Language = language()  # the session is gone when a file is made
    name = "attnviz-" + "-".join(f"L{head.layer}H{head.head}" for head in drawn.heads)
    kinds: tuple[tuple[str, str, Callable[[], bytes]], ...] = (
        ("html", "text/html", lambda: drawn.to_html().encode()),
        ("csv", "text/csv", lambda: as_csv(maps, spoken).encode("utf-8-sig")),
        ("json", "application/json", lambda: as_json(maps, spoken).encode()),
        ("npz", "application/zip", lambda: as_npz(trace)),
    )
    with st.popover(say("page.save", spoken)):
        for ending, mime, made in kinds:
            label = say(f"page.save_{ending}", spoken)
            st.download_button(label, made, f"{name}.{ending}", mime, key=f"save_{ending}")
