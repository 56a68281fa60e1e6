"""The presenter in the browser: its keys, its clock, and the speaker's window beside it."""

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import streamlit as st

from attnviz.ui.components.figures import told

_ASSETS = files("attnviz.ui") / "assets"


def _script(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


_keys = st.components.v2.component("attnviz_keys", js=_script("presenter.js"))
_clock = st.components.v2.component("attnviz_clock", js=_script("clock.js"))
_mirror = st.components.v2.component("attnviz_mirror", js=_script("mirror.js"))


def take_keys(now: Mapping[str, object], on_jump: Callable[[], None]) -> None:
    """Let keys and a clicker present, and tell the speaker's window where this one is.

    `on_jump` runs when a number was typed; `jumped_to` says which.
    """
    _keys(key="keys", data=dict(now), on_jump_change=on_jump)


def jumped_to() -> int:
    """The number that was typed; 0 for none."""
    return int(told("keys").get("jump") or 0)


def clock(begun: float, planned: float, whole: float, texts: Mapping[str, str]) -> None:
    """What is left of `whole` seconds since `begun`, and how far that is from the plan.

    `planned` seconds should have gone by at the end of what is shown.
    """
    data = {"begun": begun, "planned": planned, "whole": whole, "texts": dict(texts)}
    _clock(key="clock", data=data)


def mirror(on_moved: Callable[[], None]) -> None:
    """Follow the presenter's window; `on_moved` runs when it is elsewhere: `moved_to`."""
    _mirror(key="mirror", on_moved_change=on_moved)


def moved_to() -> Mapping[str, Any]:
    """Where the presenter's window is."""
    place: Mapping[str, Any] = told("mirror").get("moved") or {}
    return place
