"""The guard: names, pages of elsewhere, facts about the server, uploads, messages."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from attnviz.errors import BusyError
from attnviz.runtime import queue
from attnviz.runtime.queue import Visitor, asked_by, passes
from attnviz.runtime.settings import settings
from attnviz.ui.pages import train
from attnviz.ui.server import guard, messages
from attnviz.ui.server.guard import MB, MOST_FILES, PRIVATE, PUBLIC, Guard, Most, most
from attnviz.ui.server.messages import inbound, outbound
from attnviz.ui.server.paths import MAIN
from attnviz.ui.widgets import downloads, weights_file
from tests.test_server import finished
from tests.waiting import CEILING, until

# ---- who is asked, by whom, and for what


class Inner:
    """An app that reads what it is sent, and notes what it got."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.body = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        more = scope["type"] == "http"
        while more:
            message = await receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)
        start = "http.response.start" if scope["type"] == "http" else "websocket.accept"
        await send({"type": start, "status": 200, "headers": []})


def asked(
    path: str = "/",
    kind: str = "http",
    method: str = "GET",
    body: tuple[bytes, ...] = (b"",),
    inner: Any = None,
    by: Guard | None = None,
    client: tuple[str, int] | None = None,
    **headers: str,
) -> int | str:
    """What is answered: a status; accept or close for a connection."""
    sent: list[Message] = []
    chunks = [
        {"type": "http.request", "body": part, "more_body": i + 1 < len(body)}
        for i, part in enumerate(body)
    ]

    async def receive() -> Message:
        return chunks.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    named = {"host": "localhost:8501", **headers}
    raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in named.items()]
    scope = {"type": kind, "path": path, "method": method, "headers": raw, "client": client}
    finished((by or Guard(inner or Inner()))(scope, receive, send))
    first = sent[0]
    status: int = first.get("status", 0)
    return status if kind == "http" else str(first["type"]).removeprefix("websocket.")


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()
    passes.cache_clear()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1:1", "[::1]:8501"])
def test_the_names_of_this_machine_are_known(host: str) -> None:
    assert asked(host=host) == 200
    assert asked("/_stcore/stream", "websocket", host=host) == "accept"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "10.0.0.5:8501",
        "user@localhost",
        "localhost/x",
        "localhost:port",
        "",
        "[::1",
    ],
)
def test_a_server_on_loopback_knows_no_other_name(host: str) -> None:
    assert asked(host=host) == 421
    assert asked("/_stcore/stream", "websocket", host=host) == "close"
    assert asked("/health", host=host) == 421


def test_a_server_of_a_network_knows_addresses_and_the_names_that_are_set(
    setting: pytest.MonkeyPatch,
) -> None:
    address = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")  # noqa: S104
    try:
        assert asked(host="192.168.1.5:8501") == 200, "no page of elsewhere has an address for name"
        assert asked(host="attention.example.org") == 421
        setting.setenv("ATTNVIZ_HOSTS", "Attention.example.org, *.hf.space")
        settings.cache_clear()
        assert asked(host="attention.example.org") == 200
        assert asked(host="you-attnviz.hf.space") == 200
        assert asked(host="evilhf.space") == 421
        setting.setenv("ATTNVIZ_HOSTS", "*")
        settings.cache_clear()
        assert asked(host="evil.example") == 200
    finally:
        config.set_option("server.address", address)


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        ("http://localhost:8501", "accept"),
        ("https://localhost:8501", "accept"),
        ("http://localhost:9000", "close"),
        ("http://evil.example", "close"),
        ("null", "close"),
    ],
)
def test_only_a_page_of_this_server_opens_a_connection(origin: str, answer: str) -> None:
    assert asked("/_stcore/stream", "websocket", origin=origin) == answer
    assert asked("/_stcore/stream", "websocket") == "accept", "what is no browser names none"


def test_streamlit_never_looks_up_an_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks an outside host for our address before it reads its own list of origins."""
    friend = "https://course.example.org"
    option = config.get_option
    given = {"server.corsAllowedOrigins": [friend]}
    monkeypatch.setattr(config, "get_option", lambda name: given.get(name, option(name)))
    inner = Inner()
    assert asked("/_stcore/stream", "websocket", inner=inner, origin=friend) == "accept"
    assert Headers(scope=inner.scopes[0])["origin"] == "https://localhost:8501"


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/metrics/",
        "/app/_stcore/metrics",
        "/_stcore/script-health-check",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/mcp",
        "/_stcore/agent/interact",
    ],
)
def test_what_tells_of_the_server_is_not_there(path: str) -> None:
    assert asked(path) == 404
    assert asked(path, method="POST") == 404


@pytest.mark.parametrize(
    "path", ["/", "/health", "/_stcore/health", "/_stcore/host-config", "/media/a.csv"]
)
def test_what_a_page_needs_is_there(path: str) -> None:
    assert asked(path) == 200


# ---- uploads

FILE = "/_stcore/upload_file/{}/{}"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What Streamlit keeps of uploads, by session."""
    stored: dict[str, dict[str, Any]] = {}
    instance = SimpleNamespace(
        is_active_session=lambda session: session != "nobody",
        uploaded_file_mgr=SimpleNamespace(file_storage=stored),
    )
    monkeypatch.setattr(guard, "get_instance", lambda: instance)
    return stored


def put(
    session: str, body: tuple[bytes, ...], by: Guard | None = None, inner: Any = None, **more: Any
) -> int | str:
    path = FILE.format(session, "file")
    return asked(path, method="PUT", body=body, by=by, inner=inner, **more)


def test_an_upload_of_a_page_that_is_there_passes(kept: dict[str, Any]) -> None:
    inner = Inner()
    assert put("a", (b"one", b"two"), inner=inner) == 200
    assert inner.body == b"onetwo"
    assert put("nobody", (b"one",)) == 400


def test_bytes_are_counted_as_they_come_whatever_is_declared(kept: dict[str, Any]) -> None:
    part, frame = b"x" * (most().of_file // 4), 100_000
    inner = Inner()
    with pytest.raises(Exception, match="413"):  # as Starlette's own, which makes it an answer
        put("a", (part,) * 6, inner=inner, content_length="10")
    assert len(inner.body) <= most().of_file + frame, "no more was read"
    assert put("a", (part,), inner=Inner(), content_length=str(most().of_file + frame)) == 413


def test_files_of_a_session_are_counted_together(kept: dict[str, Any]) -> None:
    kept["a"] = {"file": SimpleNamespace(data=b"x" * most().of_file)}
    with pytest.raises(Exception, match="413"):
        put("a", (b"x" * (most().of_session - most().of_file), b"x"))


@pytest.mark.parametrize(("public", "limits"), [("1", PUBLIC), ("0", PRIVATE)])
def test_what_a_page_offers_to_take_is_taken(
    public: str, limits: Most, kept: dict[str, Any], setting: pytest.MonkeyPatch
) -> None:
    """A file of weights is opened where the menu has models of one's own, so not in public."""
    setting.setenv("ATTNVIZ_PUBLIC", public)
    settings.cache_clear()
    offered = [train.LARGEST_FILE] if public == "1" else [train.LARGEST_FILE, weights_file.LARGEST]
    assert limits == most()
    assert max(offered) * MB == limits.of_file
    assert max(offered) < config.get_option("server.maxUploadSize"), (
        "what is around it comes beside"
    )
    inner, around = Inner(), b"x" * 500
    assert put("a", (around, b"x" * limits.of_file), inner=inner) == 200
    assert len(inner.body) == limits.of_file + len(around)


def test_a_refused_upload_gives_back_what_it_had(kept: dict[str, Any]) -> None:
    one = Guard(Inner())
    for _ in range(3):
        with pytest.raises(Exception, match="413"):
            put("a", (b"x" * most().of_file, b"x" * 100_000), by=one)
    assert put("a", (b"x",), by=one) == 200


def test_files_of_one_session_are_few(kept: dict[str, Any]) -> None:
    small = SimpleNamespace(data=b"x")
    kept["a"] = {str(i): small for i in range(MOST_FILES)}
    assert put("a", (b"x",)) == 429
    assert put("b", (b"x",)) == 200, "another session has its own"


def test_all_sessions_together_have_a_limit(
    kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_OF_ALL", 100)
    for session in range(10):
        kept[str(session)] = {"file": SimpleNamespace(data=b"x" * 10)}
    with pytest.raises(Exception, match="413"):
        put("another", (b"x",))


def fill(stored: dict[str, Any], guard: Guard, of: str, address: str) -> int:
    """One visitor opens 30 pages and uploads 5 bytes from each; how many bytes were taken."""
    taken = 0
    for number in range(30):
        session = f"{of}{number}"
        path = FILE.format(session, "file")
        answer = asked(
            path, method="PUT", body=(b"",), by=guard, client=(address, number), content_length="5"
        )
        if answer == 200:
            stored[session] = {"file": SimpleNamespace(data=b"x" * 5)}
            taken += 5
    return taken


def test_one_address_never_has_more_than_half_of_what_others_leave(
    kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_OF_ALL", 100)
    one = Guard(Inner())
    assert fill(kept, one, "a", "192.0.2.1") == 50
    assert fill(kept, one, "b", "192.0.2.2") == 25
    assert fill(kept, one, "c", "2001:db8::1") == 10, "12 are half of what is left"
    assert fill(kept, one, "d", "2001:db8::2") == 0, "the same house"
    for session in list(kept):
        if session.startswith("a"):
            del kept[session]  # its page was closed
    assert fill(kept, one, "e", "192.0.2.1") == 30, "32 are half of what is left"


def test_an_upload_is_stopped_on_its_way_when_its_address_has_enough(
    kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_OF_ALL", 100)
    one, inner = Guard(Inner()), Inner()
    assert fill(kept, one, "a", "192.0.2.1") == 50
    with pytest.raises(Exception, match="413"):
        put("z", (b"x",), by=one, client=("192.0.2.1", 99))
    assert put("z", (b"x",), by=Guard(inner), client=None) == 200, "an address of its own"


def test_the_guard_forgets_where_closed_pages_were(kept: dict[str, Any]) -> None:
    one = Guard(Inner())
    for number in range(50):
        assert put(str(number), (b"x",), by=one, client=("192.0.2.1", number)) == 200
    assert len(one._addresses) == 1


def test_no_upload_goes_through_the_temp_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder may be full or missing: a spooled file asks for it only when it rolls over."""
    monkeypatch.setattr("tempfile.tempdir", "/no/such/folder")
    head = b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    data = b"x" * (2 * 1024 * 1024)
    parts = [head + data + b"\r\n--edge--\r\n"]

    async def receive() -> Message:
        return {"type": "http.request", "body": parts.pop(0)}

    raw = [(b"content-type", b"multipart/form-data; boundary=edge")]
    scope = {"type": "http", "method": "PUT", "path": "/", "headers": raw}

    async def read() -> bytes:
        form = await Request(scope, receive).form()
        found: bytes = await form["f"].read()  # type: ignore[union-attr]
        await form.close()
        return found

    assert finished(read()) == data
    assert MultiPartParser.spool_max_size >= PRIVATE.of_session


# ---- messages


def test_a_page_says_four_things_and_no_more() -> None:
    """Every kind of message that the protocol has, those of later versions included."""
    passed = set()
    for kind in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields:
        message = BackMsg()
        if kind.message_type is None:
            setattr(message, kind.name, True)
        else:
            getattr(message, kind.name).SetInParent()
        if inbound(message.SerializeToString()) is not None:
            passed.add(kind.name)
    assert passed == {"rerun_script", "app_heartbeat", "stop_script", "file_urls_request"}


@pytest.mark.parametrize(
    ("operation", "passes_on"),
    [("deferred_file", True), ("install_skills", False), ("dismiss_skills_nudge", False)],
)
def test_a_page_asks_for_files_and_installs_nothing(operation: str, passes_on: bool) -> None:
    message = BackMsg()
    getattr(message.backend_operation_request, operation).SetInParent()
    assert (inbound(message.SerializeToString()) is not None) is passes_on


def run_of(**values: Any) -> BackMsg:
    message = BackMsg()
    for name, value in values.items():
        state = message.rerun_script.widget_states.widgets.add(id=name)
        setattr(state, name.partition("__")[0], value)
    return message


def test_a_text_of_millions_of_characters_is_not_kept() -> None:
    long = run_of(string_value="x" * 5_000_000, string_value__2="short", json_value="y" * 5_000_000)
    long.rerun_script.query_string = "s=" + "z" * 5_000_000
    data = inbound(long.SerializeToString())
    assert data is not None
    assert len(data) < 25_000
    found = BackMsg.FromString(data).rerun_script
    assert found.widget_states.widgets[0].string_value == "x" * (settings().characters + 1)
    assert found.widget_states.widgets[1].string_value == "short"
    assert found.query_string == "long=1"


def test_what_is_no_longer_than_it_may_be_passes_untouched() -> None:
    data = run_of(string_value="ü" * settings().characters, json_value="{}").SerializeToString()
    assert inbound(data) == data
    assert inbound(b"\xff\xff\xff") == b"\xff\xff\xff", "Streamlit closes on what is no message"


def test_a_page_does_not_hear_where_the_server_keeps_its_files() -> None:
    message = ForwardMsg()
    message.new_session.main_script_path = str(MAIN)
    message.new_session.name = "main"
    heard = outbound(message.SerializeToString(), [])
    assert str(MAIN.parent).encode() not in heard
    assert ForwardMsg.FromString(heard).new_session.name == "main"


def test_a_refused_file_says_why() -> None:
    message = ForwardMsg()
    message.backend_operation_response.error_msg = "Failed to generate file for download"
    data = message.SerializeToString()
    said = ["the server is busy"]
    heard = ForwardMsg.FromString(outbound(data, said)).backend_operation_response.error_msg
    assert heard == "the server is busy"
    assert outbound(data, said) == data, "said once"


# ---- downloads


def test_a_file_is_made_in_turn_for_the_session_of_its_button(
    setting: pytest.MonkeyPatch,
) -> None:
    setting.setenv("ATTNVIZ_PASSES_AT_ONCE", "1")
    settings.cache_clear()
    passes.cache_clear()
    made, let_go = threading.Event(), threading.Event()

    def other() -> None:
        with asked_by(Visitor("other")), queue.in_turn():
            made.set()
            let_go.wait(CEILING)

    def file() -> bytes:
        assert passes()._running[False] == 1, "it counts as work"
        return b"file"

    busy = threading.Thread(target=other)
    busy.start()
    made.wait(CEILING)
    found: list[bytes] = []
    mine = threading.Thread(
        target=lambda: found.append(downloads.in_its_turn(file, "mine", "en")())
    )
    mine.start()
    until(lambda: passes().waiting == 1)
    assert not found, "it waits while others compute"
    let_go.set()
    busy.join(CEILING)
    mine.join(CEILING)
    assert found == [b"file"]


def test_one_session_makes_few_files_at_once(setting: pytest.MonkeyPatch) -> None:
    settings.cache_clear()
    passes.cache_clear()
    let_go, begun = threading.Event(), threading.Barrier(downloads.AT_ONCE + 1)

    def slow() -> bytes:
        begun.wait(CEILING)
        let_go.wait(CEILING)
        return b""

    setting.setenv("ATTNVIZ_PASSES_AT_ONCE", "4")
    settings.cache_clear()
    threads = [
        threading.Thread(target=downloads.in_its_turn(slow, "mine", "zh"))
        for _ in range(downloads.AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    begun.wait(CEILING)
    said: list[str] = []
    token = messages.refusals.set(said)
    try:
        with pytest.raises(BusyError):
            downloads.in_its_turn(lambda: b"", "mine", "zh")()
        assert "还没完成" in said[0]
        assert downloads.in_its_turn(lambda: b"theirs", "another", "en")() == b"theirs"
    finally:
        messages.refusals.reset(token)
        let_go.set()
        for thread in threads:
            thread.join(CEILING)
    assert downloads.in_its_turn(lambda: b"again", "mine", "en")() == b"again"
