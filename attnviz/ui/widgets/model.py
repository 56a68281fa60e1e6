"""The model: its menu, and what is known of the chosen one."""

import streamlit as st

from attnviz.core.card import ModelCard
from attnviz.models import catalogue
from attnviz.runtime.settings import settings
from attnviz.share.state import SentenceState
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.caches import shipped_card
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets import own_models
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.progress import await_start

OTHER = "other"
TYPED: SessionValue[str] = SessionValue("other_typed", "")  # the name of a folder or hub model
ASKED: SessionValue[str | None] = SessionValue("other_asked", None)  # the same, once it is loaded
_TEXTS = {
    catalogue.EMBEDDED: "page.model_minilm",
    catalogue.CONTROL: "page.model_control",
    OTHER: "page.model_other",
}


def model_name() -> str | None:
    """The name of the chosen model; None while that of a folder or of the hub is to be given."""
    offered = offered_models()
    choice = st.selectbox(
        say("page.model", language()),
        offered,
        format_func=_entry,
        **state.bound(SentenceState, "model", "index", offered, usual=catalogue.EMBEDDED),
    )
    if line := own_models.line(choice):
        st.caption(markdown_text(line))
    return (_other_name() or None) if choice == OTHER else choice


def _entry(name: str) -> str:
    return say(_TEXTS[name], language()) if name in _TEXTS else own_models.entry(name)


def offered_models() -> list[str]:
    """What the menu holds: in public mode the server's own models and nothing else."""
    limits = settings()
    other = [] if limits.public else [OTHER]
    return [*catalogue.BUILT_IN, *limits.allowed_models, *other]


def linked_model(sentence: SentenceState) -> str | None:
    """The model of an embedded page: that of its link. One of a hub still waits to be asked."""
    name = sentence.model or catalogue.EMBEDDED
    return model_name() if name == OTHER else name


def model_in_link(sentence: SentenceState) -> str | None:
    """How a link names the chosen model; the embedded one it need not name."""
    name = ASKED.get() if sentence.model == OTHER else sentence.model
    return None if name == catalogue.EMBEDDED else name


def card_of(name: str) -> ModelCard:
    """What a model is. It is loaded for that, unless it is the one whose trace is here already.

    Raises:
        ModelError: if it cannot be loaded, or this server does not show it.
    """
    shipped = shipped_card(name)
    if shipped is not None:
        return shipped
    await_start()
    from attnviz.ui.widgets.loading import loaded  # and torch, which is here now

    return loaded(name).card


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
    asked_name = ASKED.get()
    if not asked_name:
        key = "page.not_loaded" if TYPED.get().strip() else "page.no_name_yet"
        st.caption(markdown_text(say(key, language())))
    return asked_name
