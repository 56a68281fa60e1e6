"""The state of a session: the one module that reads and writes `st.session_state`.

Streamlit forgets the value of a widget that is not drawn, starts one that appears late or on
another page at its own default, and may call the callback of a widget that a change of page
has dropped. So what is chosen lives here, in the states of `attnviz.share.state`: a widget is
given its value whenever it is made, and hands over what a person changes. What pages have in
common, such as the sentence, they share. What no link holds is a `SessionValue`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.share.state import PageState

Then = Callable[[], None]
T = TypeVar("T")
P = TypeVar("P", bound=PageState)
NONE_YET: Mapping[Any, Any] = MappingProxyType({})  # all sessions start with it
BROUGHT = "brought"  # the widgets whose values a browser brought along into a new session


# ---- what is chosen


def _values() -> dict[str, Any]:
    """What was chosen in this session, by the names of the fields of page states."""
    values: dict[str, Any] = st.session_state.setdefault("values", {})
    return values


def read(page: type[P]) -> P:
    """The state of a page, or of a part that several pages share."""
    values = _values()
    return page(**{f.name: values[f.name] for f in fields(page) if f.name in values})


def write(new: PageState) -> None:
    """Put a state in force; the widgets that show it follow when they are made next."""
    _values().update({f.name: getattr(new, f.name) for f in fields(new)})


def change(page: type[PageState], **new: Any) -> None:
    """Put some fields of a state in force.

    Raises:
        TypeError: if that state has no such field.
    """
    write(replace(read(page), **new))


def take(found: Mapping[str, Any]) -> None:
    """Put what a link names in force, by the names of fields."""
    _values().update(found)


def begin_anew(names: Iterable[str]) -> None:
    """Let these fields be as at first."""
    for name in names:
        _values().pop(name, None)


class SessionValue(Generic[T]):
    """Something that a session remembers and that no link holds, under a name of its own."""

    def __init__(self, name: str, start: T) -> None:
        self.name, self.start = name, start

    def get(self) -> T:
        """What is remembered; at first, or once forgotten, what it starts with."""
        value: T = st.session_state.get(self.name, self.start)
        return value

    def put(self, new: T) -> None:
        """Remember something else."""
        st.session_state[self.name] = new

    def forget(self) -> None:
        """Let it be as at first."""
        st.session_state.pop(self.name, None)

    def pop(self) -> T:
        """What is remembered, and is forgotten with that."""
        value = self.get()
        self.forget()
        return value

    @property
    def is_there(self) -> bool:
        """Whether anything is remembered, such as a start that was put."""
        return self.name in st.session_state


# ---- widgets


_page, _visits = SessionValue("page", ""), SessionValue("visits", 0)
_given: SessionValue[Mapping[str, Any]] = SessionValue(
    "given", NONE_YET
)  # to the widgets of this page
_named: SessionValue[Mapping[str, str]] = SessionValue("named", NONE_YET)  # in menus of this page
_brought: SessionValue[frozenset[str] | None] = SessionValue(BROUGHT, None)
_overtaken: SessionValue[Mapping[str, "Overtaken"]] = SessionValue("overtaken", NONE_YET)
_kept_back: SessionValue[Mapping[str, tuple[Any, Then]]] = SessionValue("kept_back", NONE_YET)


@dataclass(frozen=True, slots=True)
class Overtaken:
    """What a widget held before it was given another value, and the address of that time.

    A browser that has not yet heard of the new value says the old ones once more, with whatever
    else is done on the page meanwhile: that is no choice of the person's. Once it has heard, its
    address is the new one.
    """

    values: tuple[Any, ...]
    address: str

    def is_said_by(self, now: Any, address: str) -> bool:
        """Whether a browser with this address says again what it said before."""
        return now in self.values and address == self.address


def _address() -> str:
    """The address as the browser had it when it asked for this run, if none was written since."""
    context = get_script_run_ctx()
    return "" if context is None else context.query_string


def visit(page: str) -> None:
    """Note which page is drawn: every widget of another one is new."""
    if not _page.is_there or _page.get() != page:
        _page.put(page)
        _visits.put(visits() + 1)
        _given.forget()
        _named.forget()
        _overtaken.forget()


def visits() -> int:
    """How often this session has come to a page."""
    return _visits.get()


def give(key: str, what: Any, take: Then, name: str = "") -> bool:
    """Give the widget that is made next under `key` its value; whether it had another.

    A menu's browser holds the `name` of what is chosen: where another now has it, that is new.

    A widget that has it already is left alone: what is being typed there would be lost. So is
    one whose value the browser brought along, which is newer than the address that a new
    session opens: `take` has it taken over when the page is drawn.
    """
    state, given_values = st.session_state, _given.get()
    is_brought = key in (_brought.get() or ())
    if is_brought:
        _kept_back.put({**_kept_back.get(), key: (what, take)})
    is_other = key not in given_values or key not in state or state[key] != what
    is_new = not is_brought and (is_other or _named.get().get(key, "") != name)
    if is_new and is_other:
        _note_overtaken(key)
    if is_new:
        state[key] = what
    _given.put({**given_values, key: what})
    _named.put({**_named.get(), key: name})
    return is_new


def _note_overtaken(key: str) -> None:
    """Note what a widget of this page holds that is about to be given another value."""
    if key not in _given.get() or key not in st.session_state or st.context.is_embedded:
        return  # an embedded page's address tells nothing: it stays
    noted = _overtaken.get()
    before = noted[key].values if key in noted and noted[key].address == _address() else ()
    overtaken = Overtaken((*before, st.session_state[key]), _address())
    _overtaken.put({**noted, key: overtaken})


def _is_overtaken(key: str, now: Any) -> bool:
    """Whether the browser says again what a widget held before its present value."""
    noted = _overtaken.get().get(key)
    return noted is not None and noted.is_said_by(now, _address())


def bring(session: AppSession, keys: Iterable[str | None]) -> None:
    """Note, before the first run of a session, which widgets' values its browser brings along."""
    session.session_state[BROUGHT] = frozenset(key for key in keys if key)


def take_what_was_brought() -> bool:
    """After the first run of a session: take over what the browser has other than the address.

    Whether there was any, and the page is to be drawn anew.
    """
    if _brought.pop() is None:
        return False
    state = st.session_state
    kept_back = _kept_back.pop()
    other = [take for key, (value, take) in kept_back.items() if state.get(key, value) != value]
    for take in other:
        take()
    return bool(other)


def bound(
    page: type[PageState],
    name: str,
    default: str | None = "value",
    options: Sequence[Any] | None = None,
    *,
    usual: Any = None,
    then: Then | None = None,
    named: Callable[[Any], str] | None = None,
) -> dict[str, Any]:
    """The arguments that bind a widget to one field of a state.

    `usual` is shown where the field is None; `then` runs when a person has changed it; for the
    others see `shown`.
    """
    value = getattr(read(page), name)

    def take() -> None:
        change(page, **{name: taken(name)})
        if then is not None:
            then()

    return shown(name, usual if value is None else value, take, default, options, named=named)


def shown(
    key: str,
    what: Any,
    take: Then,
    default: str | None = "value",
    options: Sequence[Any] | None = None,
    *,
    named: Callable[[Any], str] | None = None,
) -> dict[str, Any]:
    """The arguments that let a widget show `what`, and `take` run when a person changes it.

    A page that was left may still speak of a widget that a new page has under the same key, and
    a browser of a value that was overtaken: then nothing has changed.

    `default` is the widget's argument for the value that it appears with, which counts where
    the browser makes it long after the page, as in a popover; the place among `options` where
    that is asked for. `named` is what a menu calls its options, where the same option may come
    to be called otherwise, as a head's place when another head stands there.
    """

    def changed() -> None:
        given, value = _given.get(), taken(key)
        if options is not None and value not in options:
            return  # a name of before
        if key not in given or value is None or value == given[key] or _is_overtaken(key, value):
            return
        take()

    arguments: dict[str, Any] = {"key": key, "on_change": changed}
    name = "" if named is None else named(what)
    if not give(key, what, take, name) and default is not None:
        arguments[default] = what if options is None else options.index(what)
    return arguments


def pressed(key: str, then: Then) -> dict[str, Any]:
    """The arguments that let a button run `then` when it is pressed, and not when it is left."""

    def clicked() -> None:
        if taken(key):
            then()

    return {"key": key, "on_click": clicked}


def taken(key: str) -> Any:
    """What a widget holds, for its callback; None if the page has dropped it."""
    return st.session_state.get(key)


def goes_on() -> bool:
    """Let Streamlit end this run, by its own signal, if the page was left or runs anew."""
    return "goes_on" not in st.session_state
