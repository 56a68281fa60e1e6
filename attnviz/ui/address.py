"""The address: a link opens what it names, and what is seen is written into it.

What is in force has the names of `attnviz.share.state`, so what a person chooses is what a link
restores.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

import streamlit as st

from attnviz.share.codec import MOST_TEXT, VERSION
from attnviz.share.state import (
    Field,
    Link,
    PageState,
    SentenceState,
    fields_of,
    from_link,
    to_link,
)
from attnviz.share.unread import repeated, unknown
from attnviz.texts import catalogue, enumerated, say
from attnviz.ui import state
from attnviz.ui.frame import came_back, is_embedded, language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets import heads, pins
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.model import ASKED, OTHER, TYPED, model_in_link, offered_models
from attnviz.ui.widgets.sentence import FIRST

S = TypeVar("S", bound=SentenceState)
_DROPPED: SessionValue[tuple[str, ...]] = SessionValue("dropped", ())
IS_STEP_LINKED = SessionValue("step_linked", False)  # it may be none that is kept
_NO_LIMIT = 40 * MOST_TEXT  # characters of a file; a text in it may be as long as a page takes


@dataclass(frozen=True, slots=True)
class ViewFile:
    """A view as a file: what a link holds, without a link's limit."""

    name: str
    data: str


def open_link(fields: Sequence[Field]) -> bool:
    """Take over what the address names, in a new session or on the way back through it.

    Whether it was taken over.
    """
    is_new = not _DROPPED.is_there or came_back()
    if is_new:
        params = st.query_params.to_dict()  # the last of each
        view, dropped = from_link(params, fields)
        given = {name: st.query_params.get_all(name) for name in params}
        _DROPPED.put((*dropped, *unknown(params, fields), *repeated(given, fields)))
        _begin_anew(fields)
        _take(view)
    return is_new


def show_dropped() -> None:
    """Say what a link or file held that could not be read, until the person has read it."""
    place = st.container()  # there in any case: what stands below it stays what it is
    if dropped := _DROPPED.get():
        with place.container(horizontal=True, vertical_alignment="center", key="dropped_note"):
            parts = enumerated(map(_meaning, dict.fromkeys(dropped)), language())
            notice = say("walk.dropped", language(), parts=parts)
            st.info(markdown_text(notice))
            st.button(say("share.dismiss", language()), key="dismiss", on_click=_dismiss)


def _meaning(dropped: str) -> str:
    """A parameter with what it stands for; anything else as it is."""
    name = dropped.partition(":")[0]
    texts = catalogue(language())
    keys = [f"parameter.{key}" for key in (name, name.removesuffix("z"))]
    meaning = next((texts[key] for key in keys if key in texts), None)
    return f"{dropped} ({meaning})" if meaning else dropped


def _dismiss() -> None:
    _DROPPED.put(())


def drop(*parameters: str) -> None:
    """Note parts of a link that turned out not to fit."""
    _DROPPED.put((*_DROPPED.get(), *parameters))


def keep_link(seen: PageState) -> None:
    """Write what is seen into the address."""
    if is_embedded():
        return  # nobody sees an embedded page's address
    link = current_link(seen)
    if link.params != st.query_params.to_dict():
        st.query_params.from_dict(link.params)


def current_link(seen: PageState) -> Link:
    """What is seen, as a link."""
    return to_link(_values(seen), fields_of(type(seen)))


def address(params: Mapping[str, str]) -> str:
    """The whole address of this page with these parameters."""
    page = (st.context.url or "").split("?")[0]
    page += "/" * (page.count("/") < 3)  # after the host
    return f"{page}?{urlencode(params)}" if params else page


def as_file(page: str, seen: PageState) -> ViewFile:
    """What is seen, as a file that `open_file` reads."""
    params = to_link(_values(seen), fields_of(type(seen)), most=_NO_LIMIT).params
    document = {"attnviz-view": VERSION, "page": page, "link": params}
    return ViewFile(f"attnviz-{page}.json", json.dumps(document, ensure_ascii=False))


def open_file(data: bytes, page: str, fields: Sequence[Field]) -> bool:
    """Take over what a view file names; what is no view file of this page is dropped.

    Whether it was taken over.
    """
    try:
        document = json.loads(data)
        params = {str(name): str(text) for name, text in document["link"].items()}
        fits = document["page"] == page
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fits, params = False, {}
    if not fits:
        drop(say("share.no_view_file", language()))
        return False
    view, dropped = from_link(params, fields, most=_NO_LIMIT)
    _begin_anew(fields)
    _take(view)
    drop(*dropped, *unknown(params, fields))
    return True


def _begin_anew(fields: Sequence[Field]) -> None:
    """Forget what a link would hold."""
    state.begin_anew(field.name for field in fields)
    heads.forget_heads()
    pins.forget()


def _take(found: Mapping[str, Any]) -> None:
    """Put what a link names where the page looks for it."""
    values = dict(found)
    if name := values.pop("model", None):
        _take_model(name)
    if values.keys() & {"a", "b", "more"}:
        heads.link_heads()
    IS_STEP_LINKED.put("step" in values)
    state.take(values)


def _take_model(name: str) -> None:
    if name in offered_models():
        state.change(SentenceState, model=name)
    elif OTHER not in offered_models():
        drop(f"m: {name}")
    else:  # shown, and loaded only when the person asks for it
        state.change(SentenceState, model=OTHER)
        TYPED.put(name)
        if ASKED.get() != name:
            ASKED.forget()


def without_defaults(now: S) -> S:
    """What is seen, without what needs no name in a link: the note's sentence, our model."""
    is_usual = now.text == FIRST.text and not now.pair
    return replace(now, model=model_in_link(now), text=None if is_usual else now.text)


def _values(seen: PageState) -> dict[str, Any]:
    return {field.name: getattr(seen, field.name) for field in fields_of(type(seen))}
