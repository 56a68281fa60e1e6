"""A page that was left asks for nothing more, and the look comes with the page."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

from attnviz.ui.server import first_paint, navigation
from tests.waiting import CEILING


class Session(AppSession):
    """Stands for one browser's session: it is only ever a key."""

    def __init__(self) -> None:
        pass

    def __del__(self) -> None:
        pass


@pytest.mark.parametrize(
    ("pages", "of", "is_left"),
    [
        (["explore"], "explore", False),
        (["explore", "about"], "explore", True),
        (["explore", "about"], "about", False),
        (["explore", "about", "explore"], "explore", False),
        ([], "explore", False),
        ([""], "explore", False),
    ],
)
def test_what_a_page_that_was_left_asks_for_is_a_run_of_the_page_that_is_there(
    pages: list[str], of: str, is_left: bool
) -> None:
    session = Session()
    for page in pages:
        asked = ClientState(page_script_hash=page)
        assert navigation.of_this_page(session, asked) is asked
    fragment = ClientState(page_script_hash=of, fragment_id="popover", query_string="head=a")
    committed = ClientState(page_script_hash=of, query_string="head=a")
    committed.widget_states.widgets.add(id="text", string_value="typed")
    for asked in (fragment, committed):
        run = navigation.of_this_page(session, asked)
        if is_left:
            assert (run.page_script_hash, run.fragment_id) == (pages[-1], "")
            assert run.query_string == "head=a"
            assert run.widget_states == asked.widget_states, "what was typed is still taken"
        else:
            assert run is asked


def answered(response: ASGIApp) -> tuple[Message, bytes]:
    """What a browser gets when a page answers with `response`."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"accept", b"text/html"), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    with ThreadPoolExecutor(1) as pool:  # a browser test may hold a loop in this thread
        pool.submit(asyncio.run, first_paint.Look(response)(scope, receive, send)).result(CEILING)
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:])


def test_the_look_comes_with_the_page_and_after_the_styles_of_its_head() -> None:
    page = HTMLResponse("<head></head><body><p>x</p></body>", headers={"etag": "1"})
    start, body = answered(page)
    headers = dict(start["headers"])
    assert body.index(b"</head>") < body.index(b".st-key-viewer") < body.index(b"</body>")
    assert int(headers[b"content-length"]) == len(body)
    assert b"etag" not in headers, "a browser would keep a style of another time"


def test_a_page_that_would_come_compressed_gets_its_look_too() -> None:
    _, body = answered(GZipMiddleware(HTMLResponse("<body></body>" + " " * 2000)))
    assert b".st-key-viewer" in body


def test_what_is_no_page_is_passed_on() -> None:
    start, body = answered(PlainTextResponse("</body>"))
    assert (start["status"], body) == (200, b"</body>")
