"""What is said to those who hear the page: its language, where they are, and every verdict."""

import re
import string
from importlib.resources import files

import streamlit as st

from attnviz.texts import Language, tag_of
from attnviz.ui.state import SessionValue

_STATUS = """
// An element that stays while its text changes: readers of screens announce the change.
export default function ({ data, parentElement }) {
  const region = parentElement.querySelector("[role=status]") ?? document.createElement("p");
  if (!region.isConnected) {
    region.setAttribute("role", "status");
    Object.assign(region.style, { position: "absolute", width: "1px", height: "1px" });
    Object.assign(region.style, { overflow: "hidden", opacity: "0" });
    parentElement.append(region);
  }
  if (region.dataset.count === String(data.count)) return;
  region.dataset.count = data.count;
  region.textContent = data.text;
}
"""
_frame_script = files("attnviz.ui") / "assets" / "frame.js"
_frame = st.components.v2.component("attnviz_frame", js=_frame_script.read_text(encoding="utf-8"))
_status = st.components.v2.component("attnviz_status", js=_STATUS)

_EXPECTED: SessionValue[str | None] = SessionValue("expected", None)  # the verdict asked for
_SPOKEN: SessionValue[tuple[int, str]] = SessionValue("spoken", (0, ""))
_MARKS = str.maketrans(dict.fromkeys(set(string.punctuation) - set(",.?!%'"), " "))
_INSIDE = re.compile(r"\.(?=[^\W\d])")  # as in an address, which becomes a link


def frame(language: Language) -> None:
    """Say the page's language, keep the focus, and let keys reach all that scrolls."""
    _frame(key="frame", data={"language": tag_of(language)})


def as_name(text: str) -> str:
    """`text` as the name of a control, which is read as Markdown: without what that reads.

    Escaped, it would be heard with its backslashes.
    """
    return " ".join(_INSIDE.sub(" ", text.translate(_MARKS)).split())


def expect(what: str) -> None:
    """In a callback: a person has asked for the verdict on `what`."""
    _EXPECTED.put(what)


def verdict(what: str, text: str) -> None:
    """Announce the verdict on `what`, if a person has just asked for it."""
    if _EXPECTED.get() == what:
        _EXPECTED.forget()
        _SPOKEN.put((_SPOKEN.get()[0] + 1, text))


def status() -> None:
    """The place where verdicts are announced; it stands before the first of them."""
    count, text = _SPOKEN.get()
    _status(key="status", data={"count": count, "text": text})
