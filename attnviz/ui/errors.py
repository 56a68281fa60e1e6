"""Expected failures: each becomes its sentence, in the part of the page that met it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from attnviz.errors import AttnvizError, BusyError
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.escape import markdown_text

P = ParamSpec("P")
AGAIN_SECONDS = 4.0  # after which a page asks anew for what was refused
_IS_REFUSED = SessionValue("is_refused", False)
_IS_WHOLE_PAGE_DUE = SessionValue("is_whole_page_due", False)


@contextmanager
def clear_errors() -> Iterator[None]:
    """An expected failure becomes its sentence, and what follows in the block is skipped."""
    try:
        yield
    except AttnvizError as problem:
        show_error(problem)


def show_error(problem: AttnvizError) -> None:
    """The sentence of an expected failure; what was refused for now is tried again by itself."""
    st.error(markdown_text(problem.text(language())))
    if isinstance(problem, BusyError):
        _IS_REFUSED.put(True)
        st.fragment(_try_again, run_every=AGAIN_SECONDS)()


def _try_again() -> None:
    """Run the page anew; but not in the run that was refused."""
    if not _IS_REFUSED.pop():
        st.rerun()


def run_whole_page() -> None:
    """In a callback: what it changed is more than the part of the page that it belongs to."""
    _IS_WHOLE_PAGE_DUE.put(True)


def fragment(work: Callable[P, None], *, run_every: float | None = None) -> Callable[P, None]:
    """A part of the page that runs anew alone; its expected failures are sentences, too."""

    @wraps(work)
    def guarded(*given: P.args, **named: P.kwargs) -> None:
        if _IS_WHOLE_PAGE_DUE.pop():
            st.rerun()
        with clear_errors():
            work(*given, **named)

    return st.fragment(guarded, run_every=run_every)
