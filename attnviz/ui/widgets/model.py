"""The model: its menu, and loading it."""

import gc

import streamlit as st

from attnviz.errors import ModelError
from attnviz.models import catalogue
from attnviz.models.load import Model, is_loaded, load
from attnviz.runtime.cache import Cache
from attnviz.runtime.settings import settings
from attnviz.share.state import SentenceState
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets import own_models
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.progress import with_progress

OTHER = "other"
TYPED: SessionValue[str] = SessionValue("other_typed", "")  # the name of a folder or hub model
ASKED: SessionValue[str | None] = SessionValue("other_asked", None)  # the same, once it is loaded
_TEXTS = {
    catalogue.EMBEDDED: "page.model_minilm",
    catalogue.CONTROL: "page.model_control",
    OTHER: "page.model_other",
}


def model() -> Model | None:
    """The chosen model, loaded; None while a folder or hub name is still to be given.

    Raises:
        ModelError: if it cannot be loaded.
    """
    offered = offered_models()
    choice = st.selectbox(
        say("page.model", language()),
        offered,
        format_func=_entry,
        **state.bound(SentenceState, "model", "index", offered, usual=catalogue.EMBEDDED),
    )
    if said := own_models.line(choice):
        st.caption(markdown_text(said))
    name = _other_name() if choice == OTHER else choice
    return loaded(name) if name else None


def _entry(name: str) -> str:
    return say(_TEXTS[name], language()) if name in _TEXTS else own_models.entry(name)


def offered_models() -> list[str]:
    """What the menu holds: in public mode the server's own models and nothing else."""
    limits = settings()
    other = [] if limits.public else [OTHER]
    return [*catalogue.BUILT_IN, *limits.allowed_models, *other]


def linked_model(now: SentenceState) -> Model | None:
    """The model of an embedded page: that of its link. One of a hub still waits to be asked."""
    name = now.model or catalogue.EMBEDDED
    return model() if name == OTHER else loaded(name)


def model_in_link(now: SentenceState) -> str | None:
    """How a link names the chosen model; the embedded one it need not name."""
    name = ASKED.get() if now.model == OTHER else now.model
    return None if name == catalogue.EMBEDDED else name


def loaded(name: str) -> Model:
    """A model by its name, with its progress while it is loaded.

    Raises:
        ModelError: if it cannot be loaded, or this server does not show it.
    """
    if settings().public and name not in offered_models():
        raise ModelError("not_allowed", known=", ".join(offered_models()))
    if is_loaded(name):
        found = load(name)
    else:
        found = with_progress(lambda report: load(name, report), language(), "load")
    _settle(found.card.revision)
    return found


_settled: Cache[bool] = Cache(is_pinned=True)


def _settle(revision: str) -> None:
    """Take what a loaded model keeps for good out of the garbage collector's walks, once."""
    _settled.compute_once(revision, _freeze)


def _freeze() -> bool:
    gc.collect()
    gc.freeze()
    return True


def _other_name() -> str | None:
    """The name of a folder or hub model, once Load was pressed: nothing is asked before."""

    def take() -> None:
        TYPED.put(state.taken("other") or "")

    typed = st.text_input(
        say("page.other", language()),
        **state.shown("other", TYPED.get(), take),
        placeholder=say("page.other_placeholder", language()),
        help=say("page.other_help", language()),
    )
    if st.button(say("page.other_load", language()), key="other_load"):
        ASKED.put(typed.strip())
    asked = ASKED.get()
    if not asked:
        key = "page.not_loaded" if TYPED.get().strip() else "page.no_name_yet"
        st.caption(markdown_text(say(key, language())))
    return asked
