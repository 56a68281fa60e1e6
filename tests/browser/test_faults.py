"""Faults, with the real app: asked for what hangs, full, cut short. And what the logs hold."""

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import ROOT, free_port
from tests.browser.own_server import STATE, OwnServer, is_whole, type_text
from tests.waiting import CEILING


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnServer]:
    found = OwnServer(tmp_path)
    yield found
    found.kill()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1400})
    opened = context.new_page()
    yield opened
    context.close()


def test_what_is_typed_is_neither_stored_nor_logged(own: OwnServer, page: Page) -> None:
    page.goto(f"{own.address}/{STATE}")
    is_whole(page)
    type_text(page, "another secret: swordfish \ud83d\ude00 </script>")
    page.locator(".st-key-lines .token", has_text="sword").first.wait_for()
    page.goto(f"{own.address}/walkthrough?v=1&ch=3&s=swordfish+again")
    page.wait_for_selector(".st-key-lesson h2")
    own.process.terminate()
    own.process.wait(CEILING)
    log = own.log.read_text(encoding="utf-8")
    assert '"event": "trace"' in log, "the log is the one that is read"
    assert "secret" not in log
    assert "swordfish" not in log
    assert "Traceback" not in log
    written = [
        file
        for file in own.log.parent.rglob("*")
        if file.is_file() and file != own.log and b"swordfish" in file.read_bytes()
    ]
    assert written == []


def test_the_page_carries_the_headers_and_asks_for_nothing_outside(
    own: OwnServer, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if "Security" in m.text else None)
    answer = page.goto(f"{own.address}/{STATE}")
    assert answer is not None
    is_whole(page)
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert [url for url in asked if not url.startswith((own.address, "blob:", "data:"))] == []
    assert complaints == []
    with page.expect_console_message(lambda message: "x.invalid" in message.text):
        page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'http://x.invalid/a'}))"
        )
    assert any("x.invalid" in text for text in complaints), "the browser refuses what is outside"
    health = urllib.request.urlopen(f"{own.address}/health").read()  # noqa: S310
    assert b'"status"' in health


@pytest.fixture
def hanging_hub() -> Iterator[str]:
    """An address that takes a request and never answers."""
    held: list[socket.socket] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    for one in held:
        one.close()


def load_elsewhere(name: str, **environment: str) -> str:
    """What loading a model says, in a process of its own."""
    code = (
        "import sys, attnviz\n"
        "try:\n    attnviz.load(sys.argv[1])\n"
        "except attnviz.AttnvizError as problem:\n    print(problem)"
    )
    kept = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", code, name],
        env={**kept, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=CEILING,
        check=True,
    )
    return done.stdout.strip()


def test_a_hub_that_hangs_is_given_up(hanging_hub: str, tmp_path: Path) -> None:
    said = load_elsewhere(
        "owner/model", HF_ENDPOINT=hanging_hub, HF_HOME=str(tmp_path), ATTNVIZ_HUB_SECONDS="1"
    )
    assert said.startswith("The hub cannot be reached, and “owner/model” is not on this machine.")


def test_a_hub_that_refuses_is_said_at_once(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    said = load_elsewhere("owner/model", HF_ENDPOINT=nobody, HF_HOME=str(tmp_path))
    assert "The hub cannot be reached" in said


def test_a_model_whose_file_is_cut_short_keeps_running(tmp_path: Path) -> None:
    """A mapped file that shrinks ends a process by a bus error: weights are copied out of it."""
    code = (
        "import os, shutil, sys, attnviz\n"
        "from pathlib import Path\n"
        "from tests.conftest import save_tiny\n"
        "folder = save_tiny(Path(sys.argv[1]) / 'big', hidden_size=240, intermediate_size=4000)\n"
        "model = attnviz.load(str(folder))\n"
        "before = attnviz.trace('the cat sat', model).weights((0, 0))\n"
        "os.truncate(folder / 'model.safetensors', 10)\n"
        "after = attnviz.trace('the cat sat', model).weights((0, 0))\n"
        "print((before == after).all())\n"
        "shutil.copytree(folder, folder.with_name('copy'))  # not known yet\n"
        "try:\n    attnviz.load(str(folder.with_name('copy')))\n"
        "except attnviz.ModelError as problem:\n    print(problem)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    same, problem = done.stdout.splitlines()
    assert same == "True"
    assert "model.safetensors is damaged or incomplete" in problem


def test_a_full_disk_gets_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    import attnviz
    from attnviz.models import hub

    def full(*_: Any, **__: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", "/var/secret/path")

    monkeypatch.setattr(hub, "snapshot_download", full)
    with pytest.raises(attnviz.ModelError, match="no room left on this server's disk") as found:
        attnviz.load("owner/huge-model")
    assert "/var" not in found.value.text("zh")
