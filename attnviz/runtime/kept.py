"""Kept: answers that all sessions share, within one budget of bytes for the whole process.

Answers are immutable and keyed by everything they depend on, so whoever asks the same gets
the same. Two who ask at once compute once. New work waits for its turn (`attnviz.runtime.queue`).
What the answers of all kinds hold together is counted as it is held: an array that a trace
and its pictures share counts once, and as long as any of them is kept.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Any, Generic, TypeVar

from attnviz.runtime.held import held
from attnviz.runtime.queue import in_turn
from attnviz.runtime.settings import settings

Answer = TypeVar("Answer")
MB = 1_000_000

_Name = tuple[int, Hashable]  # which kind of answer, and its key


@dataclass(slots=True)
class _Entry:
    answer: Any
    pieces: dict[int, int]  # where a piece of memory begins → its bytes
    asked: float  # when, on the clock of `time.monotonic`


_pins: ContextVar[bool] = ContextVar("pins", default=False)


@contextmanager
def pinning() -> Iterator[None]:
    """Whatever is asked for in the block is never let go."""
    token = _pins.set(True)
    try:
        yield
    finally:
        _pins.reset(token)


class Store:
    """All that is kept, the least recently asked for first to go."""

    def __init__(self, megabytes: int) -> None:
        self._budget = megabytes * MB
        self._entries: OrderedDict[_Name, _Entry] = OrderedDict()
        self._pinned: set[_Name] = set()
        self._holders: dict[int, list[int]] = {}  # piece → how many entries hold it, its bytes
        self._bytes = 0
        self._lock = threading.RLock()

    def peek(self, name: _Name) -> Any:
        """The answer of that name, or None."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return None
            self._entries.move_to_end(name)
            entry.asked = time.monotonic()
            if _pins.get():
                self._pinned.add(name)
            return entry.answer

    def put(self, name: _Name, answer: Any) -> None:
        """Keep an answer, and let go of the oldest ones beyond the budget."""
        pieces = held(answer)
        with self._lock:
            self._drop(name)
            if _pins.get():
                self._pinned.add(name)
            self._entries[name] = _Entry(answer, pieces, time.monotonic())
            for piece, size in pieces.items():
                holders = self._holders.setdefault(piece, [0, size])
                holders[0] += 1
                if holders[0] == 1:
                    self._bytes += size
            self._shrink_to(self._budget)

    def let_go(self, share: float) -> bool:
        """Let go of the oldest answers until they hold only so large a share of now.

        False if there was nothing to let go of.
        """
        with self._lock:
            before = len(self._entries)
            self._shrink_to(int(self._bytes * share))
            return len(self._entries) < before

    def let_idle_go(self, megabytes: int, seconds: int) -> None:
        """Let go of what nobody has asked for in so long, down to so many MB."""
        with self._lock:
            since = time.monotonic() - seconds
            self._shrink_to(megabytes * MB, since)

    @property
    def megabytes(self) -> float:
        """What all answers hold together, in MB."""
        with self._lock:
            return self._bytes / MB

    def count(self, kind: int) -> int:
        """How many answers of a kind are kept."""
        with self._lock:
            return sum(name[0] == kind for name in self._entries)

    def _shrink_to(self, size: int, since: float = inf) -> None:
        for name, entry in list(self._entries.items()):
            if self._bytes <= size or entry.asked > since:
                return
            if name not in self._pinned:
                self._drop(name)

    def _drop(self, name: _Name) -> None:
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        for piece in entry.pieces:
            holders = self._holders[piece]
            holders[0] -= 1
            if not holders[0]:
                self._bytes -= holders[1]
                del self._holders[piece]


@cache
def store() -> Store:
    """What this process keeps."""
    return Store(settings().kept_mb)


class Kept(Generic[Answer]):
    """The latest answers of one kind, in the budget that all kinds share."""

    def __init__(self, shelf: Store | None = None) -> None:
        self._given = shelf
        self._under_way: dict[Hashable, tuple[threading.Lock, int]] = {}
        self._registry = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Answer], *, is_light: bool = False) -> Answer:
        """The answer to `key`, made in turn if nobody has asked lately.

        What `is_light` takes a fraction of a second, and does not wait for what takes longer.

        Raises:
            BusyError: if it must be made and there is no room for that now.
        """
        found = self.peek(key)
        if found is not None:
            return found
        with (
            in_turn(is_light=is_light),
            self._making(key),
        ):  # in this order: who makes always has a turn
            found = self.peek(key)
            if found is None:
                found = make()
                self.put(key, found)
        return found

    def peek(self, key: Hashable) -> Answer | None:
        """The answer to `key`, if it is kept."""
        found: Answer | None = self._store.peek((id(self), key))
        return found

    def put(self, key: Hashable, answer: Answer) -> None:
        """Keep an answer."""
        self._store.put((id(self), key), answer)

    def __len__(self) -> int:
        return self._store.count(id(self))

    @property
    def _store(self) -> Store:
        return self._given or store()

    @contextmanager
    def _making(self, key: Hashable) -> Iterator[None]:
        """Alone with `key`: others who ask for it wait."""
        with self._registry:
            lock, waiting = self._under_way.get(key, (threading.Lock(), 0))
            self._under_way[key] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._registry:
                lock, waiting = self._under_way[key]
                self._under_way[key] = (lock, waiting - 1)
                if waiting == 1:
                    del self._under_way[key]
