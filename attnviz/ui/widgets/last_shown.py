"""The last good picture: it stands while what is typed or chosen cannot be shown."""

import streamlit as st

from attnviz.core.card import ModelCard
from attnviz.texts import say
from attnviz.ui.caches import TraceKey
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.model import card_of

_LAST: SessionValue[TraceKey | None] = SessionValue("last_key", None)
_IS_SHOWN = SessionValue("is_shown", False)


def begin() -> None:
    """Note that nothing is shown yet in this run."""
    _IS_SHOWN.put(False)


def keep(key: TraceKey) -> None:
    """Note what is shown: its name alone, for the picture itself is remembered elsewhere."""
    _LAST.put(key)
    _IS_SHOWN.put(True)


def last() -> tuple[TraceKey, ModelCard] | None:
    """What was shown last, with a sentence that says so; None if this run shows something."""
    key = _LAST.get()
    if _IS_SHOWN.get() or key is None:
        return None
    model = card_of(key.model)
    notice = say("page.last", language(), model=model.called(language()), text=_short(key.text))
    st.info(markdown_text(notice))
    return key, model


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


LONGEST = 60  # characters of a sentence that is quoted
