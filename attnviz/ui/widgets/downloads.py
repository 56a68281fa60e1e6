"""Downloads: files that are made when their button is pressed, in turn like all that computes."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st
from streamlit import runtime

from attnviz.errors import AttnvizError, BusyError
from attnviz.runtime.queue import Visitor, asked_by, in_turn
from attnviz.texts import Language, say
from attnviz.ui.frame import language
from attnviz.ui.server.log import session
from attnviz.ui.server.messages import refusals

AT_ONCE = 2  # files of one session that are made or wait for it: threads to wait in are few

_lock = threading.Lock()
_under_way: Counter[str | None] = Counter()


def download(label: str, made: Callable[[], bytes], name: str, mime: str, **more: Any) -> None:
    """A button whose file is made, in turn, when it is pressed.

    A file that is refused shows its sentence at the button.
    """
    st.download_button(label, in_its_turn(made, session(), language()), name, mime, **more)


def in_its_turn(
    made: Callable[[], bytes], who: str | None, spoken: Language
) -> Callable[[], bytes]:
    """The same file, made when `who` has a turn. The session is gone when it is made.

    Raises, when it is called:
        BusyError: if this session asks for too much, or the server is busy.
    """

    def in_turn_made() -> bytes:
        try:
            visitor = Visitor(who, has_left=lambda: _is_gone(who))
            with _one_of_few(who), asked_by(visitor), in_turn():
                return made()
        except AttnvizError as problem:
            refusal = refusals.get()
            if refusal is not None:
                refusal.append(problem.text(spoken))
            raise

    return in_turn_made


def _is_gone(who: str | None) -> bool:
    return (
        runtime.exists() and who is not None and not runtime.get_instance().is_active_session(who)
    )


@contextmanager
def _one_of_few(who: str | None) -> Iterator[None]:
    with _lock:
        if _under_way[who] >= AT_ONCE:
            raise BusyError("session_full", waiting=AT_ONCE)
        _under_way[who] += 1
    try:
        yield
    finally:
        with _lock:
            _under_way[who] -= 1
            if not _under_way[who]:
                del _under_way[who]


def save_button(
    kind: str, name: str, mime: str, made: Callable[[], bytes], *, disabled: bool = False
) -> None:
    """The button that makes and saves a file of this kind."""
    label = say(f"page.save_{kind}", language())
    download(label, made, name, mime, key=f"save_{kind}", disabled=disabled)
