"""The address: a link opens what it names, and what is seen is written into it.

What is in force has the names of `attnviz.share.state`, so what a person chooses is what a link
restores.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from attnviz.models.catalogue import EMBEDDED
from attnviz.share.codec import MOST_TEXT, VERSION
from attnviz.share.state import Field, Link, from_link, to_link, unknown
from attnviz.texts import catalogue, say
from attnviz.training.tasks import task_called
from attnviz.ui import state
from attnviz.ui.frame import came_back, is_embedded, language
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.examples import EXAMPLES
from attnviz.ui.widgets.inputs import OTHER, offered_models

_OF_A_LINK = ("heads_chosen", "heads_of", "heads_aside", "pins_kept", "pins_begun")
FIRST_TASK = "eight-looks"
_NO_LIMIT = 40 * MOST_TEXT  # characters of a file; a text in it may be as long as a page takes


@dataclass(frozen=True, slots=True)
class ViewFile:
    """A view as a file: what a link holds, without a link's limit."""

    name: str
    data: str


def open_link(fields: Sequence[Field], others: Collection[str] = ()) -> None:
    """Take over what the address names, in a new session or on the way back through it."""
    if "dropped" not in st.session_state or came_back():
        params = st.query_params.to_dict()
        found, dropped = from_link(params, fields)
        st.session_state.dropped = (*dropped, *unknown(params, fields, others))
        _begin_anew(fields)
        _take(found)


def show_dropped() -> None:
    """Say what a link or file held that could not be read, until the person has read it."""
    if now := st.session_state.get("dropped"):
        with st.container(horizontal=True, vertical_alignment="center", key="dropped_note"):
            parts = ", ".join(map(_meaning, dict.fromkeys(now)))
            said = say("walk.dropped", language(), parts=parts)
            st.info(markdown_text(said))
            st.button(say("share.dismiss", language()), key="dismiss", on_click=_dismiss)


def _meaning(dropped: str) -> str:
    """A parameter with what it stands for; anything else as it is."""
    name = dropped.partition(":")[0]
    texts = catalogue(language())
    known = [f"parameter.{key}" for key in (name, name.removesuffix("z"))]
    meaning = next((texts[key] for key in known if key in texts), None)
    return f"{dropped} ({meaning})" if meaning else dropped


def _dismiss() -> None:
    st.session_state.dropped = ()


def drop(*parameters: str) -> None:
    """Note parts of a link that turned out not to fit."""
    st.session_state.dropped = (*st.session_state.get("dropped", ()), *parameters)


def keep_link(fields: Sequence[Field], more: Mapping[str, str] | None = None) -> None:
    """Write what is seen into the address."""
    if is_embedded():
        return  # nobody sees an embedded page's address
    link = current_link(fields, more)
    if link.params != st.query_params.to_dict():
        st.query_params.from_dict(link.params)


def current_link(fields: Sequence[Field], more: Mapping[str, str] | None = None) -> Link:
    """What is seen, as a link."""
    return to_link(_now(), fields, more)


def address(params: Mapping[str, str]) -> str:
    """The whole address of this page with these parameters."""
    page = (st.context.url or "").split("?")[0]
    page += "/" * (page.count("/") < 3)  # after the host
    return f"{page}?{urlencode(params)}" if params else page


def as_file(page: str, fields: Sequence[Field], more: Mapping[str, str] | None = None) -> ViewFile:
    """What is seen, as a file that `open_file` reads."""
    params = to_link(_now(), fields, more, most=_NO_LIMIT).params
    whole = {"attnviz-view": VERSION, "page": page, "link": params}
    return ViewFile(f"attnviz-{page}.json", json.dumps(whole, ensure_ascii=False))


def open_file(
    data: bytes, page: str, fields: Sequence[Field], others: Collection[str] = ()
) -> dict[str, str] | None:
    """Take over what a view file names; what is no view file of this page is dropped.

    `others` are parameters that the page reads itself. All of the file's, or None.
    """
    try:
        whole = json.loads(data)
        params = {str(name): str(text) for name, text in whole["link"].items()}
        fits = whole["page"] == page
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fits, params = False, {}
    if not fits:
        drop(say("share.no_view_file", language()))
        return None
    found, dropped = from_link(params, fields, most=_NO_LIMIT)
    _begin_anew(fields)
    _take(found)
    drop(*dropped, *unknown(params, fields, others))
    return params


def _begin_anew(fields: Sequence[Field]) -> None:
    """Forget what a link would hold."""
    state.forget(*(field.name for field in fields), *_OF_A_LINK)


def _take(found: Mapping[str, Any]) -> None:
    """Put what a link names where the page looks for it."""
    given = dict(found)
    if name := given.pop("model", None):
        if name in offered_models():
            state.put(model=name)
        elif OTHER not in offered_models():
            drop(f"m: {name}")
        else:  # shown, and loaded only when the person asks for it
            state.put(model=OTHER, other=name)
            if state.value("other_asked") != name:
                state.forget("other_asked")
    if given.keys() & {"a", "b", "more"}:
        state.put(heads_linked=True)
    state.put(step_linked="step" in given)
    for name, what in given.items():
        state.put(**{name: list(what) if name == "more" else what})


def _now() -> dict[str, Any]:
    """What is seen. None where it is as it would be without a link."""
    made = {
        name: st.session_state.get(name) for name in ("trained", "trained_here", "compare_jobs")
    }
    now = {**state.values(), **made}
    if now.get("text") == EXAMPLES[0].text and not now.get("pair"):
        now["text"] = None
    if now.get("model") == OTHER:
        now["model"] = now.get("other_asked")
    if now.get("model") == EMBEDDED:
        now["model"] = None
    if not now.get("heads_chosen"):
        now["a"] = now["b"] = None
    now["more"] = tuple(now.get("more") or ())
    return now | _training(now) | _comparison(now)


def _training(now: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of what is trained; those of the next one where nothing is."""
    if "task" not in now:
        return {}
    task, done = task_called(now["task"]), now.get("trained")
    changed: dict[str, Any] = {}
    if done is not None and not done.was_stopped and now.get("trained_here"):
        run = done.run
        task = run.task
        changed = {"heads": run.heads, "seed": run.seed, "is_trained": True}
        settings = {"layers": run.layers, "steps": run.steps}
        at = None if now.get("step") == done.steps else now.get("step")
    else:
        settings = {name: now.get(name) for name in ("layers", "steps")}
        at = None
    usual = {"layers": task.needs_layers, "steps": task.steps}
    settings = {name: None if n == usual[name] else n for name, n in settings.items()}
    text = now.get("own_text")
    return {
        **changed,
        **settings,
        "task": None if task.name == FIRST_TASK else task.name,
        "step": at,
        "own_text": None if text == task.alphabet.example else text,
    }


def _comparison(now: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared, while that is what is seen."""
    is_seen = now.get("view") == "compare"
    return {
        "compare_task": now.get("compare_task") if is_seen else None,
        "is_compared": is_seen and bool(now.get("compare_jobs") or now.get("is_compared")),
    }
