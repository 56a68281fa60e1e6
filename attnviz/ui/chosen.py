"""What is in force: what was chosen, kept apart from the widgets that show it.

Streamlit forgets the value of a widget that is not drawn, starts one that appears late or on
another page at its own default, and may call the callback of a widget that a change of page
has dropped. So what is chosen lives here, under the names of `attnviz.share.state`: a widget is
given its value whenever it is made, and hands over what a person changes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from attnviz.share.state import VIEWER

Then = Callable[[], None]


def values() -> dict[str, Any]:
    """What is in force in this session, by name."""
    found: dict[str, Any] = st.session_state.setdefault("chosen", {})
    return found


def value(name: str, start: Any = None) -> Any:
    """What is in force under a name; `start` from now on if nothing was."""
    return values().setdefault(name, start)


def put(**new: Any) -> None:
    """Put something in force; the widgets that show it follow when they are made next."""
    values().update(new)


def forget(*names: str) -> None:
    """Let what is in force under these names start afresh."""
    for name in names:
        values().pop(name, None)


def visit(page: str) -> None:
    """Note which page is drawn: every widget of another one is new."""
    state = st.session_state
    if state.get("page") != page:
        state.page, state.visits, state.made = page, visits() + 1, set()


def visits() -> int:
    """How often this session has come to a page."""
    found: int = st.session_state.get("visits", 0)
    return found


def give(key: str, what: Any) -> bool:
    """Give the widget that is made next under `key` its value; whether it had another.

    A widget that has it already is left alone: what is being typed there would be lost.
    """
    state = st.session_state
    made: set[str] = state.setdefault("made", set())
    is_new = key not in made or key not in state or state[key] != what
    if is_new:
        state[key] = what
    made.add(key)
    return is_new


def bound(
    name: str,
    default: str | None = "value",
    options: Sequence[Any] | None = None,
    then: Then | None = None,
) -> dict[str, Any]:
    """The arguments that bind a widget to what is in force under `name`.

    `default` is the widget's argument for the value that it appears with, which counts where
    the browser makes it long after the page, as in a popover; the place among `options` where
    that is asked for. `then` runs when a person has changed it.
    """
    what = values()[name]
    arguments: dict[str, Any] = {"key": name, "on_change": _take, "args": (name, then)}
    if not give(name, what) and default is not None:
        arguments[default] = what if options is None else options.index(what)
    return arguments


def taken(key: str) -> Any:
    """What a widget holds, for its callback; None if the page has dropped it."""
    return st.session_state.get(key)


def _take(name: str, then: Then | None) -> None:
    what = taken(name)
    if what is not None and what != values().get(name):
        put(**{name: what})
        if then is not None:
            then()


def in_force() -> Mapping[str, Any]:
    """What is in force, and what the viewer starts with where nothing is."""
    return {field.name: field.start for field in VIEWER} | values()
