"""Navigation: what a page still asks for after it was left is asked of the page that is there.

A popover that closes, or a text that is committed, because a page link was clicked may ask for a
run of its own page, or of a fragment of that, after the new page was asked for. Streamlit 1.67
runs it: a fragment in the place of the page that it belongs to, and the browser empties the new
one, or the whole page that was left, and the link has led nowhere. Left unanswered, the browser
would wait for that run.

A link, and the way back, ask for a page without a widget; whatever else is asked comes from one.
"""

from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

_asked_for: WeakKeyDictionary[AppSession, str] = WeakKeyDictionary()


def let_go_of_left_pages() -> None:
    """From now on, run nothing of a page that a session has left: its page runs instead."""
    ask = AppSession.request_rerun

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        ask(session, None if client_state is None else of_this_page(session, client_state))

    AppSession.request_rerun = request_rerun  # type: ignore[assignment,method-assign]


def of_this_page(session: AppSession, asked: ClientState) -> ClientState:
    """What is asked for; where that is of a left page, the page that the session is at."""
    page = _asked_for.get(session, "")
    is_of_widget = bool(asked.fragment_id or asked.widget_states.widgets)
    if not is_of_widget or (not page and not asked.fragment_id):
        _asked_for[session] = asked.page_script_hash
        return asked
    if page in ("", asked.page_script_hash):
        return asked
    of_page = ClientState()
    of_page.CopyFrom(asked)
    of_page.fragment_id, of_page.page_script_hash = "", page
    return of_page
