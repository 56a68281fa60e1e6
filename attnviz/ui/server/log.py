"""The journal: one line of JSON for what the server does, and never a text that people typed."""

import json
import logging
import sys
import time
from contextvars import Context, ContextVar, copy_context

from streamlit.runtime.scriptrunner import get_script_run_ctx

_LOGGER = logging.getLogger("attnviz")


def begin() -> None:
    """Write to stderr, once."""
    if not _LOGGER.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        _LOGGER.addHandler(handler)
        _LOGGER.setLevel(logging.INFO)
        _LOGGER.propagate = False


def note(event: str, **fields: str | int | float | None) -> None:
    """Write down an event: when, for which session, and its numbers."""
    line: dict[str, object] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "event": event,
        "request": request(),
    }
    for name, value in fields.items():
        line[name] = round(value, 1) if isinstance(value, float) else value
    _LOGGER.info(json.dumps(line, ensure_ascii=False))


def session() -> str | None:
    """The session that this thread works for, by its random name."""
    context = get_script_run_ctx(suppress_warning=True)
    return None if context is None else context.session_id


def request() -> str | None:
    """The first signs of the session's random name, to tell lines apart and nothing more."""
    context = get_script_run_ctx(suppress_warning=True)
    return _carried.get() if context is None else context.session_id[:8]


_carried: ContextVar[str | None] = ContextVar("request", default=None)


def carry() -> Context:
    """A context for work in another thread, which notes what it does for this session."""
    context = copy_context()
    context.run(_carried.set, request())
    return context
