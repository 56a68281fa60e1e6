"""Reconnecting: nothing is lost of what a person does while a new session draws their old page.

A browser whose session is gone, as after a restart of the server, keeps the page that it shows
and asks a new session for it. That one opens the address, which the lost session wrote, and
knows what the person sees only when it has drawn it: before that Streamlit 1.67 drops what is
asked of a fragment, and calls no callback. So whatever is asked meanwhile waits in line, and the
values that the browser brought along are kept apart for `attnviz.ui.state`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import ScriptRunnerEvent
from streamlit.runtime.state.common import user_key_from_element_id

from attnviz.ui.state import bring

MOST = 20  # requests that wait for one session; of more, the last ones stand for those before

_Ask = Callable[[AppSession, ClientState | None], None]


@dataclass
class _Line:
    """What waits for the first run of a session, each request with what it changes."""

    last: ClientState
    waiting: deque[ClientState] = field(default_factory=deque)

    def join(self, asked: ClientState) -> None:
        """Let a request wait; what its browser had said before is no part of it.

        The server's own answers to what waits before it would be undone by old values.
        """
        widgets = {state.id: state for state in self.last.widget_states.widgets}
        states = [s for s in asked.widget_states.widgets if widgets.get(s.id) != s]
        client = ClientState()
        client.CopyFrom(asked)
        client.ClearField("widget_states")
        client.widget_states.widgets.extend(states)
        self.last = asked
        if len(self.waiting) < MOST:
            self.waiting.append(client)
        else:
            before = {state.id: state for state in self.waiting[-1].widget_states.widgets}
            before |= {state.id: state for state in states}
            client.ClearField("widget_states")
            client.widget_states.widgets.extend(before.values())
            self.waiting[-1] = client


_lines: WeakKeyDictionary[AppSession, _Line] = WeakKeyDictionary()


def wait_for_first_runs() -> None:
    """From now on, let requests wait until a session has drawn a page that stands already."""
    ask, handle = AppSession.request_rerun, AppSession._handle_scriptrunner_event_on_event_loop

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        _take(session, client_state, ask)

    def handled(session: AppSession, sender: Any, event: Any, *more: Any) -> None:
        handle(session, sender, event, *more)
        if event == ScriptRunnerEvent.SHUTDOWN:
            _go_on(session, ask)

    AppSession.request_rerun = request_rerun  # type: ignore[assignment,method-assign]
    AppSession._handle_scriptrunner_event_on_event_loop = handled  # type: ignore[assignment,method-assign]


def _take(session: AppSession, asked: ClientState | None, ask: _Ask) -> None:
    """Run what is asked for, or let it wait. What a clock asks for is nobody's input."""
    if asked is None or asked.is_auto_rerun:
        ask(session, asked)
    elif session in _lines:
        _lines[session].join(asked)
    else:
        if asked.page_script_hash and not session.page_script_hash:  # it is shown, but not by us
            _lines[session] = _Line(asked)
            keys = (user_key_from_element_id(s.id) for s in asked.widget_states.widgets)
            bring(session, keys)
        ask(session, asked)


def _go_on(session: AppSession, ask: _Ask) -> None:
    """Run what waits next, now that nothing runs; what comes next waits for it in turn."""
    line = _lines.get(session)
    while line is not None and session._scriptrunner is None:
        if not line.waiting:
            del _lines[session]
            return
        request = line.waiting.popleft()
        if not session.has_fragment(request.fragment_id):  # the page now has it no more
            request.fragment_id = ""
        ask(session, request)
