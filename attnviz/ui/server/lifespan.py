"""What the server does besides Streamlit's own work: start up, look at itself, say how it is."""

import asyncio
import gc
import threading
import time
import traceback
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from attnviz.errors import AttnvizError
from attnviz.runtime.cache import store
from attnviz.runtime.memory import collect, full_for, has_room, lets_go, resident_mb, return_freed
from attnviz.runtime.queue import passes, visitors_are
from attnviz.runtime.settings import settings
from attnviz.ui.server.log import begin, note
from attnviz.ui.server.sessions import close_expired, raise_file_limit
from attnviz.version import __version__

# A page of ours asks for nothing outside: no script, picture, font or address of elsewhere.
# Streamlit writes styles and makes modules of our components at run time ('unsafe-…', blob:).
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an address holds a sentence
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

_FIRST_PAGE = ("pages.explore", "server.opening")  # which need no torch, and no pandas
_USED_BY_PAGES = (
    *_FIRST_PAGE,
    *("pages.train", "pages.walkthrough.page", "pages.about"),
    "widgets.loading",
)
_RUN_A_MODEL = ("capture.run", "capture.cost", *(f"ui.{name}" for name in _USED_BY_PAGES))

TIDY_SECONDS = 10
PATIENCE_SECONDS = 5  # for which torch waits for somebody who is to see the first page before,
SETTLE_SECONDS = 1  # and then for their browser, which fetches what draws it
FULL_SECONDS = 60  # so long without room for anything new, and the server is no longer healthy

_importing = threading.Lock()
_opened, _drawn, _started = threading.Event(), threading.Event(), threading.Event()
_state: dict[str, Any] = {"status": "starting", "since": time.time()}


def is_open() -> bool:
    """Whether `open_first_page` has nothing left to do."""
    return _opened.is_set()


def open_first_page() -> None:
    """Import what Explore opens with, without torch or pandas; on a server, with its trace."""
    with _importing, without_collections():
        if not _opened.is_set():
            for name in _FIRST_PAGE:
                import_module(f"attnviz.ui.{name}")
            if _state.get("is_served"):
                import_module("attnviz.ui.server.opening").ship()
            _opened.set()


def first_page_is_drawn() -> None:
    """From now on torch may take the time of this process."""
    _drawn.set()


def is_started() -> bool:
    """Whether `start` has nothing left to do."""
    return _started.is_set()


def start() -> None:
    """Import all that pages need, one thread at a time, and keep torch to one thread.

    Two sessions that open a cold link at once would import transformers at once, and its
    lazy module then misses names (ImportError: cannot import name 'AutoConfig'); and Plotly
    takes a pandas that another thread has begun to import for a whole one (AttributeError).
    """
    if _started.is_set():
        return
    with _importing, without_collections():
        for name in _RUN_A_MODEL:
            import_module(f"attnviz.{name}")
        import_module("torch").set_num_threads(1)
        _started.set()


@contextmanager
def without_collections() -> Iterator[None]:
    """Import without the collector, which walks all that is there again and again: a fifth of it.

    What is imported stays, so there is nothing to collect.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@asynccontextmanager
async def warm_up(_: Any) -> AsyncIterator[None]:
    """Start up, and open the first page while the first browser is still on its way."""
    _state["is_served"] = True
    begin()
    raise_file_limit()
    return_freed()
    lets_go(let_go_of_answers)
    lets_go(_let_go_of_a_model)
    visitors_are(import_module("attnviz.ui.widgets.progress").this_visitor)
    threading.Thread(target=_open_and_load, daemon=True).start()
    threading.Thread(target=_tidy, daemon=True).start()
    closing = asyncio.create_task(close_expired())
    yield
    closing.cancel()


def let_go_of_answers() -> bool:
    """Forget the older half of what is remembered; False if nothing is left to forget."""
    return store().let_go(0.5)


def _let_go_of_a_model() -> bool:
    """Forget a model that is not built in, once the answers are gone."""
    return bool(import_module("attnviz.models.load").let_go_of_a_model())


def _tidy() -> None:
    """Now and then free and return what closed sessions have left."""
    limits = settings()
    while collect():
        store().let_idle_go(limits.idle_mb, limits.idle_seconds)
        has_room()  # so that a server that nobody asks any more is known to be well again
        time.sleep(TIDY_SECONDS)


def _open_and_load() -> None:
    """Draw the first page of what comes with the package, and load the model once it is seen.

    Imports take turns with whatever draws: so torch waits for the first page, if somebody comes.
    """
    try:
        open_first_page()
        import_module("attnviz.ui.server.opening").draw()
    except (ImportError, OSError, RuntimeError) as problem:
        _fail(problem)
        return
    _drawn.wait(PATIENCE_SECONDS)
    time.sleep(SETTLE_SECONDS)
    _load()


def _load() -> None:
    """Load the embedded model, look at what it computes, and let it draw the opening example."""
    started = time.perf_counter()
    opening = import_module("attnviz.ui.server.opening")
    try:
        start()
    except (ImportError, OSError, RuntimeError) as problem:  # torch cannot be imported
        opening.give_up()
        _fail(problem)
        return
    try:
        difference = import_module("attnviz.ui.server.self_test").largest_difference()
    except AttnvizError as problem:
        opening.give_up()
        _state.update(status="failed", self_test=problem.key)  # the page says it in a sentence
    else:
        opening.take_over()
        passed = difference < import_module("attnviz.ui.server.self_test").TOLERANCE
        _state.update(status="ok" if passed else "failed", self_test=difference)
    milliseconds = 1000 * (time.perf_counter() - started)
    note("start", status=_state["status"], version=__version__, ms=milliseconds)
    if settings().fetch_at_start:
        _fetch(settings().allowed_models)


def _fail(problem: Exception) -> None:
    """Say, where it is asked for, that the server cannot do its work."""
    _state.update(status="failed", self_test=type(problem).__name__)
    note("start", status="failed", version=__version__, kind=type(problem).__name__)


def _fetch(names: Iterable[str]) -> None:
    """Bring the server's own models here; one that cannot be had is noted and passed over."""
    find = import_module("attnviz.models.catalogue").find
    for name in names:
        started = time.perf_counter()
        try:
            find(name)
        except AttnvizError as problem:
            note("fetch", model=name, problem=problem.key)
        else:
            note("fetch", model=name, ms=1000 * (time.perf_counter() - started))


def health_report() -> dict[str, object]:
    """How the server is: for a health check, and for the page About."""
    full = round(full_for())
    return {
        "status": "full" if _state["status"] == "ok" and full > FULL_SECONDS else _state["status"],
        "version": __version__,
        "self_test": _state.get("self_test"),
        "up_s": round(time.time() - _state["since"]),
        "rss_mb": round(resident_mb()),
        "kept_mb": round(store().megabytes),
        "waiting": passes().waiting,
        "full_s": full,
    }


async def health(_: Request) -> JSONResponse:
    """Answers 200; 503 where the self-test failed, or nothing new had room for a minute."""
    report = health_report()
    return JSONResponse(report, status_code=503 if report["status"] in ("failed", "full") else 200)


class SafeHeaders:
    """Adds the headers that keep a browser from asking for anything outside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add headers to its answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def say_unexpected(problem: Exception) -> bool:
    """An unexpected failure becomes a sentence on the page and a line in the journal.

    The line holds where it happened and not what was said: messages may quote what people typed.
    """
    import streamlit as st

    from attnviz.texts import say
    from attnviz.ui.frame import language

    last = traceback.extract_tb(problem.__traceback__)[-1]
    place = f"{last.name}:{last.lineno}"
    note("unexpected", kind=type(problem).__name__, place=place)
    st.error(say("error.unexpected", language()))
    return True
