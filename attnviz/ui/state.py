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
BROUGHT = "brought"  # the widgets whose values a browser brought along into a new session


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


def give(key: str, what: Any, take: Then) -> bool:
    """Give the widget that is made next under `key` its value; whether it had another.

    A widget that has it already is left alone: what is being typed there would be lost. So is
    one whose value the browser brought along, which is newer than the address that a new
    session opens: `take` has it taken over when the page is drawn.
    """
    state = st.session_state
    made: set[str] = state.setdefault("made", set())
    is_brought = key in state.get(BROUGHT, ())
    if is_brought:
        state.setdefault("kept_back", {})[key] = (what, take)
    is_new = not is_brought and (key not in made or key not in state or state[key] != what)
    if is_new:
        state[key] = what
    made.add(key)
    return is_new


def take_what_was_brought() -> bool:
    """After the first run of a session: take over what the browser has other than the address.

    Whether there was any, and the page is to be drawn anew.
    """
    state = st.session_state
    if state.pop(BROUGHT, None) is None:
        return False
    kept_back: dict[str, tuple[Any, Then]] = state.pop("kept_back", {})
    other = [take for key, (what, take) in kept_back.items() if state.get(key, what) != what]
    for take in other:
        take()
    return bool(other)


def bound(
    name: str,
    default: str | None = "value",
    options: Sequence[Any] | None = None,
    then: Then | None = None,
) -> dict[str, Any]:
    """The arguments that bind a widget to what is in force under `name`.

    `then` runs when a person has changed it; for the others see `shown`.
    """

    def take() -> None:
        _take(name, then)

    return shown(name, values()[name], take, default, options)


def shown(
    key: str,
    what: Any,
    take: Then,
    default: str | None = "value",
    options: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """The arguments that let a widget show `what`, and `take` run when a person changes it.

    `default` is the widget's argument for the value that it appears with, which counts where
    the browser makes it long after the page, as in a popover; the place among `options` where
    that is asked for.
    """
    arguments: dict[str, Any] = {"key": key, "on_change": take}
    if not give(key, what, take) and default is not None:
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
