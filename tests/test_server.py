"""The server: its health, its headers, its journal, the page About, and public mode."""

import asyncio
import gc
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.models.load import Model
from attnviz.runtime import cache, queue
from attnviz.runtime.settings import settings
from attnviz.texts import LANGUAGES
from attnviz.ui import errors
from attnviz.ui.server import lifespan, log, opening, self_test
from tests.browser.conftest import ROOT
from tests.conftest import Eager
from tests.test_page import MAIN, said, typed
from tests.test_share_page import link_of, opened
from tests.waiting import CEILING

# ---- health and self-test


Answer = TypeVar("Answer")


def finished(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine brings, in a thread of its own: a browser test may hold a loop in ours."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result(CEILING)


def ask_health() -> tuple[int, dict[str, Any]]:
    answer = finished(lifespan.health(None))  # type: ignore[arg-type]
    return answer.status_code, json.loads(bytes(answer.body))


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    fresh: dict[str, Any] = {"status": "starting", "since": 0.0}
    monkeypatch.setattr(lifespan, "_state", fresh)
    return fresh


def test_the_self_test_compares_a_known_matrix(state: dict[str, Any], minilm: Model) -> None:
    assert ask_health()[0] == 200, "a server that starts is not ill"
    lifespan._load()
    status, facts = ask_health()
    assert (status, facts["status"]) == (200, "ok")
    assert facts["self_test"] < 1e-4
    assert facts["rss_mb"] > 50


def test_the_known_matrix_is_transformers_own(minilm: Model, eager: Eager) -> None:
    import torch

    ids = torch.tensor([minilm.tokenizer.encode(self_test.TEXT).ids])
    layer, head = self_test.HEAD
    with torch.inference_mode():
        own = eager(minilm)(ids, output_attentions=True).attentions[layer][0, head].numpy()
    np.testing.assert_allclose(self_test.KNOWN, own, atol=1e-4)


def test_a_server_that_computes_something_else_is_ill(
    state: dict[str, Any], minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test, "KNOWN", self_test.KNOWN + 0.01)
    lifespan._load()
    status, facts = ask_health()
    assert (status, facts["status"]) == (503, "failed")
    monkeypatch.setattr(self_test, "KNOWN", np.zeros((3, 3)))
    lifespan._load()
    assert ask_health()[0] == 503


def test_a_server_without_its_model_is_ill_and_runs(
    state: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> float:
        raise attnviz.ModelError("embedded_missing", package="x")

    monkeypatch.setattr(self_test, "largest_difference", missing)
    lifespan._load()
    assert ask_health()[1]["self_test"] == "embedded_missing"


_COLD = """
import sys
from attnviz.ui.server import lifespan
lifespan.start()
whole = set(sys.modules)
from attnviz.ui.pages import about, explore, train
from attnviz.ui.pages.walkthrough import page
from attnviz.ui.server import opening
print(*sorted(set(sys.modules) - whole))
"""


def test_nothing_is_imported_by_two_threads_at_once() -> None:
    """A session goes on while the warm-up draws: what the two need is imported before."""
    ran = subprocess.run(
        [sys.executable, "-c", _COLD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_rests_during_imports_and_is_afterwards_as_before(was_on: bool) -> None:
    seen = []

    def fails(_: str) -> None:
        seen.append(gc.isenabled())
        raise ImportError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lifespan, "import_module", fails)
        patch.setattr(lifespan, "_started", threading.Event())
        if not was_on:
            gc.disable()
        try:
            with pytest.raises(ImportError):
                lifespan.start()
            assert (seen, gc.isenabled()) == ([False], was_on)
        finally:
            gc.enable()


# ---- headers


def test_every_answer_carries_the_headers_and_keeps_its_own() -> None:
    async def inner(_: Scope, __: Receive, send: Send) -> None:
        own = [(b"referrer-policy", b"origin")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b""})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    finished(lifespan.SafeHeaders(inner)({"type": "http"}, receive, send))
    headers = dict(sent[0]["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"origin"
    assert b"default-src 'self'" in headers[b"content-security-policy"]
    assert b"http:" not in headers[b"content-security-policy"]


# ---- journal


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What the journal writes."""
    found: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(record.getMessage()))

    logger, handler = logging.getLogger("attnviz"), Keep()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_the_journal_holds_numbers_and_never_a_text(
    minilm: Model, lines: list[dict[str, Any]]
) -> None:
    typed(opened(), "a very secret sentence for the journal")
    (line,) = [line for line in lines if line["event"] == "trace" and line["tokens"] == 9]
    assert line["model"] == "all-MiniLM-L6-v2"
    assert line["ms"] > 0
    assert len(line["request"]) == 8, "work in another thread is noted for its session"
    assert "secret" not in json.dumps(lines)


def test_the_journal_writes_to_stderr_once(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("attnviz")
    before = list(logger.handlers)
    logger.handlers.clear()
    try:
        log.begin()
        log.begin()
        log.note("something", ms=1.234)
    finally:
        logger.handlers[:] = before
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["ms"] == 1.2


def test_an_unexpected_failure_is_a_sentence_and_a_line_without_its_words(
    lines: list[dict[str, Any]],
) -> None:
    def script() -> None:
        from attnviz.ui.server.lifespan import say_unexpected

        try:
            raise RuntimeError("somebody's secret sentence")
        except RuntimeError as problem:
            say_unexpected(problem)

    app = AppTest.from_function(script, default_timeout=CEILING).run()
    assert "Something went wrong that should not have" in app.error[0].value
    (line,) = lines
    assert line["kind"] == "RuntimeError"
    assert line["place"].startswith("script:")
    assert "secret" not in json.dumps(line)


# ---- About


def test_about_says_versions_models_limits_and_privacy(minilm: Model) -> None:
    app = opened("about")
    cells = "\n".join(table.value.to_string() for table in app.table).replace("\\", "")
    for fact in (attnviz.__version__, minilm.card.revision, "transformers", "seed 0", "20,000"):
        assert fact in cells
    numbers = [v for v in vars_of_settings().values() if type(v) is int]
    assert len(app.table[2].value) == len(numbers) + 1, "no limit is left out, nor the hosts"
    assert "Private mode" in said(app)
    assert "Nothing that you type is written to a disk" in said(app)


def vars_of_settings() -> dict[str, Any]:
    return {name: getattr(settings(), name) for name in settings().__dataclass_fields__}


def test_about_names_the_hosts_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_HOSTS", "look.example.org,*.school.example")
    settings.cache_clear()
    try:
        cells = opened("about").table[2].value.to_string().replace("\\", "")
    finally:
        settings.cache_clear()
    assert "look.example.org, *.school.example" in cells


# ---- public mode


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("ATTNVIZ_PUBLIC", "1")
    settings.cache_clear()
    queue.passes.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()
    queue.passes.cache_clear()


def test_public_mode_offers_its_own_models_alone(
    public: pytest.MonkeyPatch, minilm: Model, tmp_path: Any
) -> None:
    app = opened(m=str(tmp_path), v="1")
    menu = app.selectbox(key="model")
    assert menu.options == ["all-MiniLM-L6-v2", "the same, with random weights (control)"]
    assert menu.value == "minilm"
    assert "left out: m: " in said(app)
    assert link_of(app) == {}
    assert "Public mode" in said(opened("about"))


def test_public_mode_offers_what_the_settings_allow(
    public: pytest.MonkeyPatch, minilm: Model
) -> None:
    public.setenv("ATTNVIZ_ALLOWED_MODELS", "owner/model")
    settings.cache_clear()
    app = opened(m="owner/model", v="1")
    assert app.selectbox(key="model").value == "owner/model"
    assert "The hub cannot be reached" in said(app)


def test_no_way_around_the_menu_loads_a_model(public: pytest.MonkeyPatch, minilm: Model) -> None:
    def script() -> None:
        from attnviz.ui.errors import clear_errors
        from attnviz.ui.widgets.loading import loaded

        with clear_errors():
            loaded("/etc")

    app = AppTest.from_function(script, default_timeout=CEILING).run()
    assert "This server shows its own models only" in app.error[0].value
    assert MAIN.exists()


def test_the_opening_example_is_never_refused(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is full and everything that can be let go is: a new visitor still sees it whole."""
    opening.draw()
    cache.store().let_go(0.0)
    monkeypatch.setenv("ATTNVIZ_MEMORY_MB", "1")
    monkeypatch.setenv("ATTNVIZ_MEMORY_SECONDS", "0")
    settings.cache_clear()
    try:
        for language in LANGUAGES:
            app = opened(lang=language)
            assert not app.error, app.error
            drawn = {component.key for component in app.get("bidi_component")}
            assert drawn >= {"overview_picture", "lines_picture"}
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_busy_server_says_so_and_keeps_what_was_typed(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened()
    monkeypatch.setenv("ATTNVIZ_MEMORY_MB", "1")
    monkeypatch.setenv("ATTNVIZ_MEMORY_SECONDS", "0")
    settings.cache_clear()
    try:
        typed(app, "a sentence that finds no room")
        assert "This server's memory is full" in said(app)
        assert app.text_area(key="text").value == "a sentence that finds no room"
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    app.run()
    assert "memory is full" not in said(app)


def test_a_refusal_inside_a_fragment_is_its_sentence_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every: list[float | None] = []

    def fragment(work: Any, run_every: float | None = None) -> Any:
        every.append(run_every)
        return work

    def script() -> None:
        from attnviz.errors import BusyError
        from attnviz.ui.errors import fragment

        def part(waiting: int) -> None:
            raise BusyError("queue_full", waiting=waiting)

        fragment(part)(7)

    monkeypatch.setattr("streamlit.fragment", fragment)
    app = AppTest.from_function(script, default_timeout=CEILING).run()
    assert not app.exception
    assert "7 people are already waiting" in app.error[0].value
    assert every == [None, errors.AGAIN_SECONDS]


def test_the_run_that_was_refused_does_not_run_anew_and_the_next_look_does() -> None:
    def script() -> None:
        import streamlit as st

        from attnviz.ui.errors import _try_again

        state = st.session_state
        state.runs = state.get("runs", 0) + 1
        if state.runs == 1:
            state.is_refused = True
            _try_again()
            state.went_on = True
            _try_again()
            state.went_on = False

    app = AppTest.from_function(script, default_timeout=CEILING).run()
    assert app.session_state["went_on"] is True
    assert app.session_state["runs"] == 2


def test_a_server_computes_with_one_thread_each() -> None:
    """NumPy's BLAS takes its number of threads when it is loaded: before anything of ours."""
    script = """
import runpy, sys
runpy.run_path("app.py")
import numpy
from threadpoolctl import threadpool_info
print(*(pool["num_threads"] for pool in threadpool_info() if pool["internal_api"] == "openblas"))
"""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[1],
        env=environment,
        capture_output=True,
        text=True,
        timeout=CEILING,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) <= {"1"}
