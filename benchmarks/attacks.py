"""What one class, or one visitor, can do to a public server, and what a stranger sees meanwhile.

`python -m benchmarks.attacks --json FILE [NAME …]` starts the app in public mode for each attack
by its name, and meanwhile opens, again and again, the opening example and a new short sentence,
each as a stranger in a session of its own, and asks `/health`. Then it waits, and says

- how long the strangers waited (p95), and what they were shown instead of a page,
- the highest memory, and the memory 60 s after the last attacker left, beside that of before:
  once the server has served the opening example, a text of 512 tokens, and the chapters 5 and 8
  to one visitor, and let go of them (the first of each imports modules and fills torch's caches,
  which no attack has to answer for),
- whether a new sentence was served 30 s after the attackers left.

| attack | what it does |
|---|---|
| texts | 170 texts of 512 tokens, one after the other, by one visitor, as far as 120 s allow |
| class | 60 visitors at once with a text of 512 tokens each, on a ceiling of 2,000 MB |
| crowd | 300 such visitors at once |
| chapters | 300 visitors at once on the chapters 5 and 8 of the walkthrough |
| characters | 100 visitors at once with two texts of 20,000 characters each |
| exports | one visitor asks for 60 tables of a text of 512 tokens at once, for 60 s |
| uploads | 33 files of 190 MB sent to the address for uploads |
"""

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.load import ROOT, Server, complete_page, highest_rss, percentile, served
from benchmarks.streamlit_client import Session

WORDS = "the cat sat on a mat and looked at rain in old streets while people walked by".split()  # noqa: SIM905
LONG, CHARACTERS = 510, 20_000  # words of 512 tokens with [CLS] and [SEP]; of one text
STRANGER_S = 1.0  # between two strangers of a kind
AFTER_S, BACK_S = 30.0, 60.0
SETTLED_S = 45.0  # until what nobody asks for is let go: 30 s, and 10 s between two looks
TEXTS_S, EXPORTS_S = 120.0, 60.0

Attack = Callable[[Server], Awaitable[Counter[str]]]


@dataclass(slots=True)
class Strangers:
    """What came of those who opened a page meanwhile."""

    known_s: list[float] = field(default_factory=list)
    new_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Finding:
    """One attack as it is reported."""

    attack: str
    seconds: float
    answers: dict[str, int]  # of the attackers
    known_p95_s: float | None
    new_p95_s: float | None
    health_p95_s: float | None
    strangers: int
    problems: dict[str, int]  # of the strangers
    rss_before_mb: float
    rss_highest_mb: float
    rss_after_mb: float
    served_after: str  # empty: a new sentence was served


def text_of(words: int, seed: int) -> str:
    """A text of so many words of one piece each."""
    chosen = random.Random(seed)  # noqa: S311
    return " ".join(chosen.choice(WORDS) for _ in range(words))


def page_of(words: int, seed: int, **more: str) -> str:
    """The query of a page with its own text."""
    return urlencode({"s": text_of(words, seed), **more})


async def visit(server: Server, query: str, page: str = "") -> str:
    """Open a page, close it, and say what was wrong with it."""
    session = Session(server.address, query, page)
    await session.open()
    await session.close()
    return session.problem or "; ".join(session.page.errors)


async def at_once(server: Server, queries: list[tuple[str, str]]) -> Counter[str]:
    """Open all pages at once."""
    found = await asyncio.gather(*(visit(server, query, page) for query, page in queries))
    return Counter(found)


async def texts(server: Server) -> Counter[str]:
    """One visitor, one text after the other."""
    found, until = Counter[str](), time.monotonic() + TEXTS_S
    for seed in range(170):
        if time.monotonic() < until:
            found[await visit(server, page_of(LONG, seed))] += 1
    return found


async def crowd(server: Server, visitors: int = 300) -> Counter[str]:
    """Visitors with a long text each."""
    return await at_once(server, [(page_of(LONG, seed), "") for seed in range(visitors)])


async def a_class(server: Server) -> Counter[str]:
    """A class with a long text each."""
    return await crowd(server, 60)


async def chapters(server: Server) -> Counter[str]:
    """Visitors of the chapters that run the model most often."""
    queries = [page_of(12, seed, ch="58"[seed % 2]) for seed in range(300)]
    return await at_once(server, [(query, "walkthrough") for query in queries])


async def characters(server: Server) -> Counter[str]:
    """Visitors with two texts as long as a text may be."""
    texts = [text_of(CHARACTERS, seed)[:CHARACTERS] for seed in range(200)]
    queries = [urlencode({"s": texts[2 * n], "s2": texts[2 * n + 1]}) for n in range(100)]
    return await at_once(server, [(query, "") for query in queries])


async def exports(server: Server) -> Counter[str]:
    """One visitor who asks for the same table again and again."""
    session, found = Session(server.address, page_of(LONG, 0)), Counter[str]()
    await session.open()
    await session.open_drawer("save_open")
    tables = [file for label, file in session.page.files.items() if "CSV" in label]
    if not tables:
        return Counter([session.problem or f"no table among {', '.join(session.page.files)}"])
    until = time.monotonic() + EXPORTS_S
    while time.monotonic() < until:
        found += Counter(await session.ask_for_files(tables[0], 60))
    await session.close()
    return found


async def uploads(server: Server) -> Counter[str]:
    """Files sent from a page without an uploader."""
    found = [await asyncio.to_thread(upload, server, n) for n in range(33)]
    return Counter(found)


def upload(server: Server, number: int, megabytes: int = 190) -> str:
    """Send a file to a session that nobody has."""
    where = urlsplit(server.address)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=60)
    try:
        connection.putrequest("PUT", f"/_stcore/upload_file/nobody/{number}")
        connection.putheader("Content-Length", str(megabytes * 1_000_000))
        connection.putheader("Content-Type", "application/octet-stream")
        connection.endheaders()
        for _ in range(megabytes):
            connection.send(bytes(1_000_000))
        return f"status {connection.getresponse().status}"
    except OSError as problem:
        return type(problem).__name__
    finally:
        connection.close()


ATTACKS: dict[str, tuple[Attack, dict[str, str]]] = {
    "texts": (texts, {}),
    "class": (a_class, {"ATTNVIZ_MEMORY_MB": "2000"}),
    "crowd": (crowd, {}),
    "chapters": (chapters, {}),
    "characters": (characters, {}),
    "exports": (exports, {}),
    "uploads": (uploads, {}),
}


async def stranger(server: Server, times: list[float], problems: Counter[str], query: str) -> None:
    """One who opens a page, and wants all of it."""
    session = Session(server.address, query)
    await session.open()
    await session.close()
    times.append(session.seconds)
    if wrong := complete_page(session):
        problems[wrong] += 1


def health_seconds(server: Server) -> float:
    """How long the health check takes."""
    where, start = urlsplit(server.address), time.perf_counter()
    connection = HTTPConnection(where.hostname or "", where.port, timeout=60)
    try:
        connection.request("GET", "/health")
        connection.getresponse().read()
    except OSError:
        pass
    finally:
        connection.close()
    return time.perf_counter() - start


async def strangers(server: Server, found: Strangers) -> None:
    """Strangers come one by one, until cancelled."""
    number = 0
    while True:
        number += 1
        new = urlencode({"s": f"Stranger number {number} looks at the rain"})
        await stranger(server, found.known_s, found.problems, "")
        await stranger(server, found.new_s, found.problems, new)
        found.health_s.append(await asyncio.to_thread(health_seconds, server))
        await asyncio.sleep(STRANGER_S)


async def warmed(server: Server) -> None:
    """Serve one page of each kind, and wait until the server has let go of them."""
    long, short = page_of(LONG, -1), page_of(12, -1)
    for query, page in [
        ("", ""),
        (long, ""),
        *((f"{short}&ch={ch}", "walkthrough") for ch in "58"),
    ]:
        if wrong := await visit(server, query, page):
            raise SystemExit(f"a first page failed: {wrong}")
    await asyncio.sleep(SETTLED_S)


async def attacked(server: Server, name: str) -> Finding:
    """One attack with strangers meanwhile, and what is left of it."""
    work, found = ATTACKS[name][0], Strangers()
    await warmed(server)
    before = server.rss_mb()
    async with highest_rss(server) as highest:
        watching = asyncio.create_task(strangers(server, found))
        start = time.perf_counter()
        answers = await work(server)
        seconds = time.perf_counter() - start
        watching.cancel()
        await asyncio.sleep(AFTER_S)
        after = Strangers()
        query = urlencode({"s": "Somebody who comes half a minute later"})
        await stranger(server, after.new_s, after.problems, query)
        await asyncio.sleep(BACK_S - AFTER_S)
    return Finding(
        attack=name,
        seconds=seconds,
        answers=dict(answers),
        known_p95_s=percentile(found.known_s, 0.95),
        new_p95_s=percentile(found.new_s, 0.95),
        health_p95_s=percentile(found.health_s, 0.95),
        strangers=len(found.known_s) + len(found.new_s),
        problems=dict(found.problems),
        rss_before_mb=before,
        rss_highest_mb=highest[0],
        rss_after_mb=server.rss_mb(),
        served_after="; ".join(after.problems),
    )


def main() -> None:
    """Run the attacks, print each, and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ATTACKS))
    parser.add_argument("--json", type=Path, required=True, help="the file to write")
    options = parser.parse_args()
    findings = []
    for name in options.names or ATTACKS:
        environment = {"ATTNVIZ_PUBLIC": "1", **ATTACKS[name][1]}
        with served(ROOT / "app.py", environment=environment) as server:
            findings.append(asdict(asyncio.run(attacked(server, name))))
        print(json.dumps(findings[-1], indent=2), flush=True)
    options.json.write_text(json.dumps(findings, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
