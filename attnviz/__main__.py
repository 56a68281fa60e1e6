"""The shell: `attnviz` starts the app, `attnviz "text" -o heads.html` draws into a file."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec

import attnviz
from attnviz.runtime.settings import settings
from attnviz.texts import say

SERVE = "serve"
PUBLIC = "ATTNVIZ_PUBLIC"
MOST_PORT = 65_535
MOST_MESSAGE = "32"  # MB in public mode: from a browser, and to it; nothing there is larger


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the app, or draw the heads of a sentence into a file; 2 if that cannot be."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] == SERVE:
        return _serve(given[1:])
    from attnviz.command import draw  # which a server need not wait for

    return draw(given)


def _serve(arguments: Sequence[str]) -> int:  # noqa: RET503 (the last call never returns)
    """Turn this process into the app's server."""
    options = _serve_parser().parse_args(arguments)
    if find_spec("streamlit") is None:
        print(say("error.app_missing"), file=sys.stderr)
        return 2
    if not 1 <= options.port <= MOST_PORT:
        print(say("error.not_a_port", value=options.port), file=sys.stderr)
        return 2
    from attnviz.ui.server.paths import APP

    if options.public:
        os.environ[PUBLIC] = "1"
    try:
        is_public = settings().public
    except attnviz.SettingsError as problem:
        print(problem, file=sys.stderr)
        return 2
    if reason := _why_not_at(options.host, options.port):
        values = {"host": options.host, "port": options.port, "reason": reason}
        print(say("error.cannot_listen", **values), file=sys.stderr)
        return 2
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # else each thread keeps memory of its own
    flags = ["--server.maxMessageSize", MOST_MESSAGE] if is_public else []
    flags += ["--server.address", options.host, "--server.port", str(options.port)]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *flags]
    shown = f"[{options.host}]" if ":" in options.host else options.host
    print(f"attnviz: http://{shown}:{options.port}", flush=True)
    os.execv(sys.executable, command)  # noqa: S606 (the same interpreter, and no shell)


def _why_not_at(host: str, port: int) -> str | None:
    """Why nobody can listen there, in the system's words; None if one can."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as problem:
        return getattr(problem, "strerror", None) or str(problem)
    return None


def _serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"attnviz {SERVE}", description="Start the app.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8501, help="the port (8501)")
    parser.add_argument(
        "--public",
        action="store_true",
        help="for everybody: the server's own models only, no folders, no other hub names",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
