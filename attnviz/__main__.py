"""The shell: `attnviz` starts the app, `attnviz "text" -o heads.html` draws into a file."""

import argparse
import os
import re
import socket
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import attnviz
from attnviz.core.heads import HeadId
from attnviz.core.methods import Picture
from attnviz.errors import ArgumentError
from attnviz.runtime.settings import settings
from attnviz.texts import LANGUAGES, say

OUTPUT = "attention.html"
SERVE = "serve"
PUBLIC = "ATTNVIZ_PUBLIC"
MOST_PORT = 65_535
MOST_MESSAGE = "32"  # MB in public mode: from a browser, and to it; nothing there is larger

_WRITES: dict[str, Callable[[Picture], str]] = {
    ".html": lambda picture: picture.to_html(),
    ".svg": lambda picture: picture.to_svg(),
}
_HEAD = re.compile(r"(?:(\d+)[.·](\d+)|L(\d+)[.·]?H(\d+))", re.ASCII | re.IGNORECASE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the app, or draw the heads of a sentence into a file; 2 if that cannot be."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] == SERVE:
        return _serve(given[1:])
    return _draw(given)


def _draw(arguments: Sequence[str]) -> int:
    from attnviz.pictures.kinds import drawn_by_name  # which a server need not wait for

    options = _draw_parser().parse_args(arguments)
    try:
        write = _writer(options.output)  # before the model runs
        heads = None if options.head is None else [_head(text) for text in options.head]
        trace = attnviz.trace(options.text, options.model, options.pair)
        explorer = attnviz.explore(trace, heads, language=options.language)
        drawn = drawn_by_name(options.picture, explorer, is_one=heads is not None)
        _save(options.output, write(drawn))
    except attnviz.AttnvizError as problem:
        print(problem.text(options.language), file=sys.stderr)
        return 2
    print(options.output.encode(errors="replace").decode())
    return 0


def _writer(output: str) -> Callable[[Picture], str]:
    """What makes a file of this ending, in capitals or not.

    Raises:
        ArgumentError: if nothing does, or the folder is not there.
    """
    file = _printable(output)
    write = _WRITES.get(os.path.splitext(output)[1].lower())  # noqa: PTH122 (any text)
    if write is None:
        raise ArgumentError("no_such_ending", file=file, known=", ".join(_WRITES))
    folder = os.path.dirname(output)  # noqa: PTH120
    if folder and not os.path.isdir(folder):  # noqa: PTH112 (no error for what is no path)
        raise ArgumentError("no_folder_for", file=file, folder=_printable(folder))
    return write


def _save(output: str, made: str) -> None:
    try:
        Path(output).write_text(made, encoding="utf-8")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise ArgumentError("cannot_write", file=_printable(output), reason=reason) from problem


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()


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


def _draw_parser() -> argparse.ArgumentParser:
    from attnviz.pictures.kinds import kinds

    parser = argparse.ArgumentParser(
        prog="attnviz",
        description="Draw where attention heads look: one HTML file that needs no network, or SVG. "
        "Without a text, or as `attnviz serve`, the app starts.",
    )
    parser.add_argument("text", help="the sentence")
    parser.add_argument("--pair", help="a second sentence")
    parser.add_argument("--model", help="minilm, minilm-random, a folder or a hub name")
    parser.add_argument(
        "--head",
        action="append",
        metavar="LAYER.HEAD",
        help="a head, counted from 0, such as 0.2 or L0H2; several times for several, up to "
        "twelve; left out: the two most different",
    )
    parser.add_argument(
        "--picture",
        choices=list(kinds()),
        default="explore",
        help="what is drawn: all heads with a choice among them (explore), or one picture alone",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the file")
    parser.add_argument(
        "-o",
        "--output",
        default=OUTPUT,
        help=f"the file; its ending says in which format: {' or '.join(_WRITES)} ({OUTPUT})",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {attnviz.__version__}")
    return parser


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


def _head(text: str) -> HeadId:
    match = _HEAD.fullmatch(text.strip())
    if match is None:
        raise ArgumentError("head_unreadable", value=_printable(text))
    layer, head = (int(number) for number in match.groups() if number is not None)
    return HeadId(layer, head)


if __name__ == "__main__":
    sys.exit(main())
