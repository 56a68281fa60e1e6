"""Navigation: what a page still asks for after it was left is not done.

A popover that closes, or a text that is committed, because a page link was clicked asks for a
run of its fragment, after the new page was asked for. Streamlit 1.67 runs that fragment in the
place of the page that it belongs to, and the browser empties the new one.
"""

from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

_asked_for: WeakKeyDictionary[AppSession, str] = WeakKeyDictionary()


def let_go_of_left_pages() -> None:
    """From now on, ask no fragment of a page that a session has left."""
    ask = AppSession.request_rerun

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is None or not _is_of_a_left_page(session, client_state):
            ask(session, client_state)

    AppSession.request_rerun = request_rerun  # type: ignore[assignment,method-assign]


def _is_of_a_left_page(session: AppSession, asked: ClientState) -> bool:
    """Whether a fragment is asked for whose page the session has left; notes pages."""
    if not asked.fragment_id:
        _asked_for[session] = asked.page_script_hash
        return False
    return _asked_for.get(session, "") not in ("", asked.page_script_hash)
