"""The guard: what may reach the server at all, decided before Streamlit reads it.

Names that are not ours, pages of elsewhere, facts about the server, and more bytes than the
app has a use for are refused here; messages of a page are sifted by `attnviz.ui.server.messages`.
"""

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.runtime import get_instance

from attnviz.runtime.settings import settings
from attnviz.ui.server.messages import sifted

MB = 1024 * 1024
MOST_FILES = 4  # that one session has uploaded: it has two places for one file each
MOST_OF_ALL = 100 * MB  # of all sessions together; one address has half of what others leave


class Most(NamedTuple):
    """How many bytes an upload may have, and those of a session, those on their way included."""

    of_file: int
    of_session: int


PUBLIC = Most(2 * MB, 5 * MB)
PRIVATE = Most(16 * MB, 20 * MB)  # who runs the app alone opens files of weights, too
LOOPBACK = ("localhost", "127.0.0.1", "::1")

# Under this prefix a page needs these; the rest says things about the server, or is an API.
_INTERNAL = "/_stcore/"
_NEEDED = re.compile(r"(health|host-config|stream|upload_file/.*|bidi-components/.*)/?")
_UPLOAD = re.compile(r".*/_stcore/upload_file/([^/]+)/[^/]+")

_FRAME = 64 * 1024  # bytes that a browser puts around a file on its way
_Count = Callable[[Receive], Receive]

# No upload is written to the temp folder on its way, which may be full, small or missing.
MultiPartParser.spool_max_size = PRIVATE.of_session


class Guard:
    """Refuses what no page of ours sends; everything else goes on to `app`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._bytes: Counter[str] = Counter()  # of uploads on their way, by session
        self._files: Counter[str] = Counter()
        self._addresses: dict[str, str] = {}  # of sessions that have uploaded something

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or a connection on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        upload = _UPLOAD.fullmatch(scope["path"])
        if not is_known_host(host):
            await _refuse(scope, receive, send, 421, "This server is not known by that name.")
        elif not is_needed(scope["path"]):
            await _refuse(scope, receive, send, 404, "Not found")
        elif scope["type"] == "websocket":
            if is_own_page(origin, host):
                await self.app(_from_own_page(scope), *sifted(receive, send))
            else:
                await _refuse(scope, receive, send, 403, "Another site's page")
        elif upload and scope["method"] == "PUT":
            await self._take(upload[1], scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _take(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Streamlit read an upload, as long as it stays within the limits."""
        if not get_instance().is_active_session(session):
            await _refuse(scope, receive, send, 400, "There is no such page.")
            return
        self._know(session, scope)
        declared = Headers(scope=scope).get("content-length", "0")
        more = int(declared) if declared.isascii() and declared.isdigit() else 0
        if self._is_full(session):
            await _refuse(scope, receive, send, 429, "Too many files")
        elif _is_large(more) or self._is_beyond(session, more):
            await _refuse(scope, receive, send, 413, "Too many bytes")
        else:
            with self._on_its_way(session) as count:
                await self.app(scope, count(receive), send)

    @contextmanager
    def _on_its_way(self, session: str) -> Iterator[_Count]:
        """Count a body as it arrives, whatever its header declares."""
        arrived = 0

        def count(receive: Receive) -> Receive:
            async def counted() -> Message:
                nonlocal arrived
                message = await receive()
                size = len(message.get("body", b""))
                if _is_large(arrived + size) or self._is_beyond(session, size):
                    raise HTTPException(413, "Too many bytes")
                arrived += size
                self._bytes[session] += size
                return message

            return counted

        self._files[session] += 1
        try:
            yield count
        finally:
            self._files[session] -= 1
            self._bytes[session] -= arrived
            if not self._files[session]:
                del self._files[session], self._bytes[session]

    def _is_full(self, session: str) -> bool:
        return len(_kept().get(session, ())) + self._files[session] >= MOST_FILES

    def _is_beyond(self, session: str, more: int) -> bool:
        """Whether so many bytes more are too many for a session, or for its address."""
        sizes = Counter({name: sum(files) for name, files in _kept().items()}) + self._bytes
        address = self._addresses.get(session)
        near = sum(size for name, size in sizes.items() if self._addresses.get(name) == address)
        left = MOST_OF_ALL - (sizes.total() - near)
        return sizes[session] + more > most().of_session or near + more > left / 2

    def _know(self, session: str, scope: Scope) -> None:
        """Note where a session's uploads come from, and forget sessions that have none."""
        for name in self._addresses.keys() - _kept().keys() - self._files.keys():
            del self._addresses[name]
        self._addresses[session] = _address(scope) or session


def most() -> Most:
    """The limits of this server."""
    return PUBLIC if settings().public else PRIVATE


def _is_large(body: int) -> bool:
    """Whether so many bytes are more than a file and what is around it."""
    return body > most().of_file + _FRAME


def is_needed(path: str) -> bool:
    """Whether a page of ours asks for this path; False for what tells of the server."""
    _, internal, name = path.partition(_INTERNAL)
    return not internal or _NEEDED.fullmatch(name) is not None


def is_known_host(host: str) -> bool:
    """Whether a request that names `host` is meant for this server.

    A page of elsewhere can give its own name our address and read what we answer. So names
    are ours that the setting `hosts` lists, or that no page of elsewhere can have: those of
    this machine and, unless the server listens at a loopback address only, plain addresses.
    """
    name = _host_name(host)
    if not name:
        return False
    if name in LOOPBACK or any(_fits(name, known) for known in settings().hosts):
        return True
    return not _is_loopback_only() and (_is_address(name) or name in _own_names())


def is_own_page(origin: str | None, host: str) -> bool:
    """Whether a connection comes from a page of this server, or from one that may speak to it."""
    if origin is None or urlsplit(origin).netloc.lower() == host.lower():
        return True
    allowed = {origin.strip() for origin in config.get_option("server.corsAllowedOrigins")}
    return origin in allowed or not config.get_option("server.enableCORS")


def _from_own_page(scope: Scope) -> Scope:
    """The same with its host as its origin: Streamlit asks an outside host about any other."""
    headers = Headers(scope=scope)
    if "origin" not in headers:
        return scope
    origin = f"{urlsplit(headers['origin']).scheme}://{headers['host']}".encode("latin-1")
    rewritten = [(name, origin if name == b"origin" else value) for name, value in scope["headers"]]
    return {**scope, "headers": rewritten}


def _address(scope: Scope) -> str:
    """Whose a request is, as far as it can be told; empty if not at all.

    A house has one address of the old kind, and of the new kind all that share 64 bits.
    """
    host = (scope.get("client") or ("", 0))[0]
    if not _is_address(host):
        return ""
    return str(ip_network((host, 64), strict=False)) if ":" in host else host


def _kept() -> dict[str, list[int]]:
    """The sizes of the uploads that are kept, by session."""
    stored = getattr(get_instance().uploaded_file_mgr, "file_storage", {})
    return {
        session: [len(file.data) for file in list(files.values())]
        for session, files in list(stored.items())
    }


def _host_name(host: str) -> str:
    """The name in a Host header, without its port; empty if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018, raises where it is no number
    except ValueError:
        return ""
    is_bare = parts.netloc == host and "@" not in host
    return (parts.hostname or "").rstrip(".") if is_bare else ""


def _fits(name: str, known: str) -> bool:
    """Whether a name is a known one: itself, `*.` and its end, or `*` for any."""
    known = known.lower().rstrip(".")
    return known in ("*", name) or (known.startswith("*.") and name.endswith(known[1:]))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback_only() -> bool:
    bound = config.get_option("server.address") or ""
    return bound == "localhost" or (_is_address(bound) and ip_address(bound).is_loopback)


@cache
def _own_names() -> tuple[str, ...]:
    name = socket.gethostname().lower()
    return (name, f"{name}.local")


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
    else:
        await PlainTextResponse(why, status)(scope, receive, send)
