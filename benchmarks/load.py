"""What a class costs the server: N sessions that open the app at once.

`python -m benchmarks.load --sessions 50 --json FILE` starts the app, or takes the one at `--url`,
opens N sessions over Streamlit's websocket from one asyncio process, and measures.

- **Warm.** One session has opened the note's page (the one without parameters) before anything
  is measured, as a class finds it: the model is loaded and the note is traced.
- **Complete** is a page whose script has finished, with the overview and the lines, or for a
  long text its tinted words, and no exception and no error. Anything else, or 120 seconds, is
  a failure. With `--different` each session has a sentence of its own, which all its pictures
  must show; a session that was shown another one is also counted as mixed up.
- **Times** are from starting to connect to the end of the script, of complete pages.
- **CPU** is the server's user and system time (/proc/PID/stat, steps of 10 ms) while the
  sessions open, ÷ N. An empty Streamlit page with the same settings is opened by as many
  sessions at once in the same run; where N is small, several times, for the sake of the steps.
  `cpu_ratio_to_stock_empty` compares with the same page as Streamlit serves it by itself,
  without the settings of this repository (it collects garbage after every run).
- **Memory** is VmRSS: before, after the warm session; during, the highest while sessions are
  open; after, once Streamlit has dropped the closed sessions. It keeps the last 128 for two
  minutes, for tabs that connect again, and drops the expired ones only when another session
  closes. So this waits (`--wait`), opens and closes one more session, and then until the
  memory falls no more.

The table goes to the standard output, what the server says to the standard error.
"""

import argparse
import asyncio
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import fmean
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks.streamlit_client import Page, Session

ROOT = Path(__file__).parents[1]
EMPTY = 'import streamlit as st\n\nst.write("empty")\n'
OVERVIEW = "attnviz_overview"
OPEN_AT_FIRST = ("attnviz_lines", "attnviz_highlights")  # one of them
SENTENCE = "Session number {number} looks at the cat on the mat"
MIXED_UP = "shows a sentence of another session"
TICKS = os.sysconf("SC_CLK_TCK")
START_S = 120.0
SAMPLE_S = 0.05
KEPT_S = 121.0  # Streamlit's MemorySessionStorage keeps a closed session for 120
FALLING_S = 30.0
STILL_S = 5.0
FALL_MB = 0.5
EMPTY_SESSIONS = 50  # at least so many empty pages are opened, in rounds of N

Judge = Callable[[Session], str]


@dataclass(frozen=True, slots=True)
class Server:
    """A Streamlit server on this machine."""

    address: str
    pid: int

    def cpu_s(self) -> float:
        """User and system time so far."""
        # The name in parentheses may hold spaces; the fields are counted after it.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mb(self) -> float:
        """Memory now; 0 once the process has ended."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = status.partition("VmRSS:")[2].split()
        return int(found[0]) / 1024 if found else 0.0


@dataclass(frozen=True, slots=True)
class Opening:
    """N sessions opened at once, and closed."""

    times: list[float]  # of complete pages
    problems: Counter[str]
    mixed_up: int
    cpu_s: float
    client_cpu_s: float
    rss_during_mb: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round as it is reported."""

    failures: int
    mixed_up: int
    p50_s: float | None
    p95_s: float | None
    cpu_s_per_session: float
    client_cpu_s: float
    rss_before_mb: float
    rss_during_mb: float
    rss_closed_mb: float  # at once after closing
    rss_after_mb: float


def is_up(port: int) -> bool:
    """Whether a Streamlit server answers there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def served(
    script: Path, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A Streamlit script, served until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    )
    try:
        deadline = time.monotonic() + START_S
        while not is_up(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{script} is not served")
            time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def listener(port: int) -> int:
    """The process that listens on a port of this machine."""
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        if sockets & set(open_files(process)):
            return int(process.name)
    raise SystemExit(f"no process that may be looked at listens on port {port}")


def open_files(process: Path) -> list[str]:
    """What a process has open, or nothing where that may not be seen."""
    try:
        return [str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()]
    except OSError:
        return []


def complete_page(session: Session) -> str:
    """What a page of the app lacks; empty if nothing."""
    page = session.page
    if problem := session.problem or "; ".join(page.errors):
        return problem
    if not page.packets.get(OVERVIEW):
        return "without the overview"
    return "" if any(map(page.packets.get, OPEN_AT_FIRST)) else "without a picture of the heads"


def empty_page(session: Session) -> str:
    """What the empty page lacks."""
    if problem := session.problem or "; ".join(session.page.errors):
        return problem
    return "" if session.page.kinds["markdown"] else "without its word"


def labels(packet: bytes) -> list[str]:
    """The tokens that a component's packet shows."""
    header = json.loads(packet[4 : 4 + int.from_bytes(packet[:4], "little")])
    found: list[str] = header["meta"]["rows"]["labels"]
    return found


def shown_texts(page: Page) -> set[str]:
    """The sentences of all pictures, without spaces, special tokens and capitals."""
    known = (page.packets.get(name) for name in (OVERVIEW, *OPEN_AT_FIRST))
    tokens = [labels(packet) for packet in known if packet]
    return {"".join(one[1:-1]).lower() for one in tokens}


def shows_own(session: Session, number: int) -> bool:
    """Whether every picture of a complete page is of the session's own sentence."""
    own = SENTENCE.format(number=number).replace(" ", "").lower()
    return shown_texts(session.page) == {own}


@asynccontextmanager
async def highest_rss(server: Server) -> AsyncIterator[list[float]]:
    """The highest memory seen in the block, as the one item of a list."""
    highest = [server.rss_mb()]

    async def watch() -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            highest[0] = max(highest[0], server.rss_mb())

    watching = asyncio.create_task(watch())
    try:
        yield highest
    finally:
        watching.cancel()
        highest[0] = max(highest[0], server.rss_mb())


async def opened(server: Server, judge: Judge, count: int, numbers: Sequence[int] = ()) -> Opening:
    """Open `count` sessions at once, each with the sentence of its number if there are any."""
    queries = [urlencode({"s": SENTENCE.format(number=number)}) for number in numbers]
    sessions = [Session(server.address, query) for query in queries or [""] * count]
    async with highest_rss(server) as highest:
        cpu, own = server.cpu_s(), time.process_time()
        await asyncio.gather(*(session.open() for session in sessions))
        cpu, own = server.cpu_s() - cpu, time.process_time() - own
        await asyncio.sleep(2 * SAMPLE_S)
    await asyncio.gather(*(session.close() for session in sessions))
    verdicts = [judge(session) for session in sessions]
    for place, number in enumerate(numbers):
        if not verdicts[place] and not shows_own(sessions[place], number):
            verdicts[place] = MIXED_UP
    return Opening(
        times=[s.seconds for s, verdict in zip(sessions, verdicts, strict=True) if not verdict],
        problems=Counter(verdict for verdict in verdicts if verdict),
        mixed_up=verdicts.count(MIXED_UP),
        cpu_s=cpu,
        client_cpu_s=own,
        rss_during_mb=highest[0],
    )


async def warmed(server: Server, judge: Judge) -> None:
    """Open and close one session, which must succeed."""
    opening = await opened(server, judge, 1)
    if opening.problems:
        raise SystemExit(f"the first session failed: {next(iter(opening.problems))}")


async def settled_rss(server: Server, wait: float) -> float:
    """Memory once closed sessions are dropped and it falls no more."""
    if not server.rss_mb():
        return 0.0
    await asyncio.sleep(wait)
    await opened(server, complete_page, 1)  # its closing makes Streamlit drop the expired ones
    lowest, deadline = server.rss_mb(), time.monotonic() + FALLING_S
    since = time.monotonic()
    while time.monotonic() < min(deadline, since + STILL_S):
        await asyncio.sleep(0.5)
        now = server.rss_mb()
        if now < lowest - FALL_MB:
            lowest, since = now, time.monotonic()
    return server.rss_mb()


def percentile(times: Sequence[float], share: float) -> float | None:
    """The smallest time that so large a share of all does not exceed."""
    return sorted(times)[math.ceil(share * len(times)) - 1] if times else None


async def one_round(
    server: Server, count: int, numbers: Sequence[int], wait: float
) -> tuple[Round, Opening]:
    """Open, close, and wait until the sessions are gone."""
    before = server.rss_mb()
    opening = await opened(server, complete_page, count, numbers)
    closed = server.rss_mb()
    found = Round(
        failures=opening.problems.total(),
        mixed_up=opening.mixed_up,
        p50_s=percentile(opening.times, 0.5),
        p95_s=percentile(opening.times, 0.95),
        cpu_s_per_session=opening.cpu_s / count,
        client_cpu_s=opening.client_cpu_s,
        rss_before_mb=before,
        rss_during_mb=opening.rss_during_mb,
        rss_closed_mb=closed,
        rss_after_mb=await settled_rss(server, wait),
    )
    return found, opening


async def empty_cost(server: Server, count: int) -> float:
    """CPU seconds of the server for each session of an empty page."""
    await warmed(server, empty_page)
    rounds = math.ceil(EMPTY_SESSIONS / count)
    costs = []
    for _ in range(rounds):
        opening = await opened(server, empty_page, count)
        if opening.problems:
            raise SystemExit(f"an empty page failed: {next(iter(opening.problems))}")
        costs.append(opening.cpu_s / count)
    return fmean(costs)


async def app_cost(
    server: Server, options: argparse.Namespace
) -> tuple[list[Round], list[Opening]]:
    """All rounds on the app."""
    await warmed(server, complete_page)
    rounds, openings = [], []
    for index in range(options.repeat):
        first = index * options.sessions  # new sentences in every round
        numbers = range(first, first + options.sessions) if options.different else ()
        found, opening = await one_round(server, options.sessions, numbers, options.wait)
        print(row(index + 1, found), flush=True)
        rounds.append(found)
        openings.append(opening)
    return rounds, openings


def report(
    options: argparse.Namespace,
    empty: float,
    stock: float,
    rounds: list[Round],
    openings: list[Opening],
) -> dict[str, Any]:
    """Everything that was measured, over all rounds."""
    times = [seconds for opening in openings for seconds in opening.times]
    cost = fmean(one.cpu_s_per_session for one in rounds)
    return {
        "sessions": options.sessions,
        "different": options.different,
        "failures": sum(one.failures for one in rounds),
        "mixed_up": sum(one.mixed_up for one in rounds),
        "problems": dict(sum((opening.problems for opening in openings), Counter())),
        "p50_s": percentile(times, 0.5),
        "p95_s": percentile(times, 0.95),
        "cpu_s_per_session": cost,
        "cpu_s_per_empty_session": empty,
        "cpu_ratio_to_empty": cost / empty if empty else None,
        "cpu_s_per_stock_empty_session": stock,
        "cpu_ratio_to_stock_empty": cost / stock if stock else None,
        "client_cpu_s": sum(one.client_cpu_s for one in rounds),
        "rss_before_mb": rounds[0].rss_before_mb,
        "rss_during_mb": max(one.rss_during_mb for one in rounds),
        "rss_after_mb": rounds[-1].rss_after_mb,
        "rounds": [asdict(one) for one in rounds],
    }


COLUMNS = (
    "round",
    "failures",
    "mixed up",
    "p50 s",
    "p95 s",
    "CPU s a session",
    "MB before",
    "during",
    "closed",
    "after",
)


def row(number: int, one: Round) -> str:
    """One round as a line of the table."""
    times = ["–" if value is None else f"{value:.2f}" for value in (one.p50_s, one.p95_s)]
    memory = (one.rss_before_mb, one.rss_during_mb, one.rss_closed_mb, one.rss_after_mb)
    counts = [str(number), str(one.failures), str(one.mixed_up)]
    cells = [*counts, *times, f"{one.cpu_s_per_session:.3f}", *(f"{mb:.0f}" for mb in memory)]
    return "| " + " | ".join(cells) + " |"


def head(options: argparse.Namespace) -> str:
    """What stands above the rounds."""
    kind = "different sentences" if options.different else "the same link"
    lines = [f"{options.sessions} sessions at once, {kind}", ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|" + " ---: |" * len(COLUMNS)]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sessions", type=count_of, required=True, help="opened at once")
    parser.add_argument("--json", type=Path, required=True, help="the file to write")
    parser.add_argument("--different", action="store_true", help="a sentence for each session")
    parser.add_argument("--repeat", type=count_of, default=1, help="rounds on one server")
    parser.add_argument("--url", help="an app that runs on this machine already")
    parser.add_argument(
        "--wait",
        type=float,
        default=KEPT_S,
        help="seconds until Streamlit lets go of closed sessions",
    )
    return parser.parse_args()


def count_of(text: str) -> int:
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def running(url: str) -> Server:
    """The server at an address of this machine."""
    port = urlsplit(url).port or 80
    return Server(url.rstrip("/"), listener(port))


def main() -> None:
    """Measure, print, and write the file."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY, encoding="utf-8")
        with served(script) as server:
            empty = asyncio.run(empty_cost(server, options.sessions))
        with served(script, Path(folder)) as server:
            stock = asyncio.run(empty_cost(server, options.sessions))
    print(head(options), flush=True)
    app = nullcontext(running(options.url)) if options.url else served(ROOT / "app.py")
    with app as server:
        rounds, openings = asyncio.run(app_cost(server, options))
    found = report(options, empty, stock, rounds, openings)
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"\nCPU ÷ empty page: {found['cpu_ratio_to_empty']:.1f}", end="")
    print(f", ÷ the same without our settings: {found['cpu_ratio_to_stock_empty']:.2f}")
    for problem, count in found["problems"].items():
        print(f"{count} × {problem}")


if __name__ == "__main__":
    main()
