"""The server as it runs: what it asks for outside, what it keeps open, what it tells."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from attnviz.ui.server import sessions
from attnviz.ui.server.paths import HOME
from attnviz.ui.server.sessions import MOST_FILES
from attnviz.ui.widgets.downloads import AT_ONCE
from tests.browser.conftest import NETGUARD, ROOT, free_port, wait_until_up
from tests.test_server import finished
from tests.waiting import CEILING, until

EVERYWHERE = "0.0.0.0"  # noqa: S104
COMMANDS = {
    "attnviz": ["attnviz", "serve", "--host", EVERYWHERE, "--port"],
    "streamlit": ["streamlit", "run", "app.py", "--server.address", EVERYWHERE, "--server.port"],
}
SOFT = 256
CLOSED_S = 1  # for so long a closed session is kept


@dataclass
class Running:
    """A server for the whole network."""

    port: int
    pid: int
    reached: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@pytest.fixture(scope="module", params=COMMANDS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    port, reached = free_port(), tmp_path_factory.mktemp("serving") / "outside.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(NETGUARD), str(ROOT))),
        "ATTNVIZ_NETGUARD": str(reached),
        "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(CLOSED_S),
    }
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *COMMANDS[request.param], str(port)],
        cwd=ROOT,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, hard)),
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}", process)
        yield Running(port, process.pid, reached)
    finally:
        process.terminate()
        process.wait(timeout=CEILING)


def status(address: str, **headers: str) -> int:
    try:
        asked = urllib.request.Request(address, headers=headers)  # noqa: S310
        found: int = urllib.request.urlopen(asked, timeout=CEILING).status  # noqa: S310
    except urllib.error.HTTPError as problem:
        return problem.code
    return found


def page_of(running: Running, origin: str | None = None) -> connect:
    """The connection of a page."""
    return connect(
        f"ws://127.0.0.1:{running.port}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        origin=None if origin is None else Origin(origin),
        proxy=None,
        max_size=None,
    )


def run_of(name: str = "", query: str = "") -> bytes:
    """A page's wish to be run."""
    message = BackMsg()
    message.rerun_script.page_name, message.rerun_script.query_string = name, query
    return bytes(message.SerializeToString())


async def heard(page: ClientConnection) -> ForwardMsg:
    message = ForwardMsg()
    message.ParseFromString(await page.recv(decode=False))
    return message


async def first_message(running: Running, origin: str | None = None) -> ForwardMsg:
    """The first that a page hears when it asks to be run."""
    async with page_of(running, origin) as page:
        await page.send(run_of())
        while (message := await heard(page)).WhichOneof("type") != "new_session":
            pass
        return message


def test_nothing_outside_is_asked_at_start_or_by_a_foreign_page(running: Running) -> None:
    finished(first_message(running, running.address))
    for _ in range(2):
        with pytest.raises(InvalidStatus):
            finished(first_message(running, "http://evil.example"))
    assert status(running.address, Origin="http://evil.example") == 200
    assert status(running.address, Host="evil.example") == 421
    assert not running.reached.exists(), running.reached.read_text()


def test_a_page_hears_no_path_of_the_server(running: Running) -> None:
    message = finished(first_message(running))
    assert message.new_session.main_script_path == "main.py"
    assert str(HOME).encode() not in message.SerializeToString()
    for path in ("metrics", "script-health-check", "agent/openapi.json"):
        assert status(f"{running.address}/_stcore/{path}") == 404


def test_the_model_comes_behind_the_first_page_and_passes_its_self_test(running: Running) -> None:
    def health() -> dict[str, object]:
        with urllib.request.urlopen(f"{running.address}/health", timeout=CEILING) as answer:  # noqa: S310
            found: dict[str, object] = json.load(answer)
        return found

    until(lambda: health()["status"] != "starting")
    found = health()
    assert found["status"] == "ok"
    assert float(str(found["self_test"])) < 1e-3


def test_as_many_files_as_the_system_allows(running: Running) -> None:
    limits = Path(f"/proc/{running.pid}/limits").read_text(encoding="ascii").splitlines()
    (line,) = [line for line in limits if line.startswith("Max open files")]
    soft, hard = line.removeprefix("Max open files").split()[:2]
    assert int(soft) == min(int(hard), MOST_FILES) > SOFT


def test_closed_sessions_close_their_files(running: Running) -> None:
    finished(first_message(running))
    before = running.files()

    async def many() -> None:
        await asyncio.gather(*(first_message(running) for _ in range(12)))

    finished(many())
    until(lambda: running.files() <= before)


def test_what_a_closed_session_had_made_goes_although_nobody_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Streamlit keeps a download for one look more, and by itself looks when a page runs."""
    storage = MemoryMediaFileStorage("/media")
    files = MediaFileManager(storage=storage)
    manager = SimpleNamespace(_session_storage=SimpleNamespace(_cache={}))
    monkeypatch.setattr(
        sessions,
        "get_instance",
        lambda: SimpleNamespace(_session_mgr=manager, media_file_mgr=files),
    )
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "closed")
    files.add(b"table", "text/csv", "0.0", file_name="table.csv", is_for_static_download=True)
    sessions.close_now()
    sessions.close_now()
    assert len(storage._files_by_id) == 1, "its page is open"
    files.clear_session_refs("closed")
    for _ in range(2):
        sessions.close_now()
    assert not storage._files_by_id


async def answers(running: Running, count: int) -> list[str]:
    """What a page hears that asks for its handout so often at once: errors, or nothing."""
    async with page_of(running) as page:
        await page.send(run_of("walkthrough", "mode=print"))
        file, session = "", ""
        while not file:
            message = await heard(page)
            session = message.new_session.initialize.session_id or session
            file = message.delta.new_element.download_button.deferred_file_id
        for number in range(count):
            asked = BackMsg()
            asked.backend_operation_request.request_id = str(number)
            asked.backend_operation_request.session_id = session
            asked.backend_operation_request.deferred_file.file_id = file
            await page.send(asked.SerializeToString())
        said: list[str] = []
        while len(said) < count:
            message = await heard(page)
            if message.WhichOneof("type") == "backend_operation_response":
                said.append(message.backend_operation_response.error_msg)
        return said


def test_a_page_that_asks_for_many_files_gets_two_and_a_reason(running: Running) -> None:
    said = finished(answers(running, 6))
    refused = [reason for reason in said if reason]
    assert said.count("") >= AT_ONCE
    assert refused
    assert all("You have asked for 2 things" in reason for reason in refused)
