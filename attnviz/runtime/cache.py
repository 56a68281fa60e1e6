"""Cache: what is computed once for all who ask, within one bound of bytes for the process.

Values are immutable and keyed by everything they depend on, so whoever asks the same gets
the same. Two who ask at once compute once. New work waits for its turn (`attnviz.runtime.queue`).
What the values of all caches hold together is counted as it lies in memory: an array that a trace
and its pictures share counts once, and as long as any of them is cached.
"""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from attnviz.runtime.limits import limits
from attnviz.runtime.queue import in_turn
from attnviz.runtime.sizes import pieces_of

Value = TypeVar("Value")
MB = 1_000_000
WORTH = 20  # times as long as it took to compute, something stays although nobody asks for it
LOOK_UP_SECONDS = 0.1  # how often somebody who waits for another's work is asked whether to go on

_Name = tuple["Cache[Any]", Hashable]  # whose value, and its key


@dataclass(slots=True)
class _Entry:
    value: Any
    pieces: dict[int, int]  # where a piece of memory begins → its bytes
    asked: float  # when, on the clock of `time.monotonic`
    took: float  # seconds to compute


class _Tally:
    """Bytes of pieces of memory, each counted once however many values hold it."""

    def __init__(self) -> None:
        self._holders: Counter[int] = Counter()
        self._sizes: dict[int, int] = {}
        self.bytes = 0

    def add(self, pieces: Mapping[int, int]) -> None:
        for piece, size in pieces.items():
            self._holders[piece] += 1
            if piece not in self._sizes:
                self._sizes[piece] = size
                self.bytes += size

    def remove(self, pieces: Mapping[int, int]) -> None:
        for piece in pieces:
            self._holders[piece] -= 1
            if not self._holders[piece]:
                del self._holders[piece]
                self.bytes -= self._sizes.pop(piece)


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
    """All that is cached, the least recently asked for first to go.

    The bound is that of what may go: what is pinned is counted, and stays.
    """

    def __init__(self, megabytes: int) -> None:
        self._bound = megabytes * MB
        self._entries: OrderedDict[_Name, _Entry] = OrderedDict()
        self._pinned: set[_Name] = set()
        self._all, self._of_pinned = _Tally(), _Tally()
        self._lock = threading.RLock()

    def peek(self, name: _Name) -> Any:
        """The value of that name, or None."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return None
            self._entries.move_to_end(name)
            entry.asked = time.monotonic()
            if _pins.get():
                self._pin(name)
            return entry.value

    def put(self, name: _Name, value: Any, *, is_pinned: bool = False, took: float = 0.0) -> None:
        """Keep a value that took so many seconds, and let go of the oldest beyond the bound."""
        pieces = pieces_of(value)
        with self._lock:
            is_pinned = is_pinned or _pins.get() or name in self._pinned
            self.drop(name)
            self._entries[name] = _Entry(value, pieces, time.monotonic(), took)
            self._all.add(pieces)
            if is_pinned:
                self._pin(name)
            self._shrink_to(self._bound)

    def drop(self, name: _Name) -> None:
        """Forget a value, pinned or not."""
        with self._lock:
            entry = self._entries.pop(name, None)
            if entry is None:
                return
            self._all.remove(entry.pieces)
            if name in self._pinned:
                self._pinned.remove(name)
                self._of_pinned.remove(entry.pieces)

    def let_go(self, share: float) -> bool:
        """Let go of the oldest values until they hold only so large a share of now.

        False if there was nothing to let go of.
        """
        with self._lock:
            before = len(self._entries)
            self._shrink_to(int(self._loose_bytes * share))
            return len(self._entries) < before

    def let_idle_go(self, megabytes: int, seconds: int) -> None:
        """Let go of what nobody has asked for in so long, down to so many MB.

        What took long to compute stays longer: a text of thousands of tokens takes a minute until
        it is drawn, and is then looked at.
        """
        now = time.monotonic()

        def is_idle(entry: _Entry) -> bool:
            return now - entry.asked >= max(seconds, WORTH * entry.took)

        with self._lock:
            self._shrink_to(megabytes * MB, is_idle)

    @property
    def megabytes(self) -> float:
        """What all values hold together, in MB."""
        with self._lock:
            return self._all.bytes / MB

    def keys(self, of: "Cache[Any]") -> tuple[Hashable, ...]:
        """What is kept for a cache, the least recently asked for first."""
        with self._lock:
            return tuple(key for owner, key in self._entries if owner is of)

    @property
    def _loose_bytes(self) -> int:
        """What would be free if everything that may go went."""
        return self._all.bytes - self._of_pinned.bytes

    def _pin(self, name: _Name) -> None:
        if name not in self._pinned:
            self._pinned.add(name)
            self._of_pinned.add(self._entries[name].pieces)

    def _shrink_to(self, size: int, may_go: Callable[[_Entry], bool] = lambda _: True) -> None:
        for name, entry in list(self._entries.items()):
            if self._loose_bytes <= size:
                return
            if name not in self._pinned and may_go(entry):
                self.drop(name)


@cache
def store() -> Store:
    """What this process caches."""
    return Store(limits().kept_mb)


class Cache(Generic[Value]):
    """The latest values of one kind (never None), within the bound that all kinds share.

    What `is_pinned` stays until it is dropped by name.
    """

    def __init__(self, own_store: Store | None = None, *, is_pinned: bool = False) -> None:
        self._own_store, self._is_pinned = own_store, is_pinned
        self._under_way: dict[Hashable, tuple[threading.Lock, int]] = {}
        self._registry = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], Value], *, is_light: bool = False) -> Value:
        """The value of `key`, computed in turn if nobody has asked lately.

        What `is_light` takes a fraction of a second, and does not wait for what takes longer.

        Raises:
            BusyError: if it must be computed and there is no room for that now.
        """
        known = self.peek(key)
        if known is not None:
            return known
        with in_turn(is_light=is_light):  # before the key: who computes always has a turn
            return self.compute_once(key, compute)

    def compute_once(
        self,
        key: Hashable,
        compute: Callable[[], Value],
        *,
        while_waiting: Callable[[], None] | None = None,
        is_kept: Callable[[Value], bool] = lambda _: True,
    ) -> Value:
        """The value of `key`, without a turn: for what computes little, or has its own queue.

        `while_waiting` is called now and then while somebody else computes it, and may raise.
        """
        with self._alone_with(key, while_waiting):
            value = self.peek(key)
            if value is None:
                begun = time.monotonic()
                value = compute()
                if is_kept(value):
                    self.put(key, value, took=time.monotonic() - begun)
        return value

    def peek(self, key: Hashable) -> Value | None:
        """The value of `key`, if it is cached."""
        value: Value | None = self._store.peek((self, key))
        return value

    def put(self, key: Hashable, value: Value, *, took: float = 0.0) -> None:
        """Keep a value, which took so many seconds."""
        self._store.put((self, key), value, is_pinned=self._is_pinned, took=took)

    def drop(self, key: Hashable) -> None:
        """Forget a value."""
        self._store.drop((self, key))

    def __iter__(self) -> Iterator[Hashable]:
        """The keys of what is cached, the least recently asked for first."""
        return iter(self._store.keys(self))

    def __len__(self) -> int:
        return len(self._store.keys(self))

    @property
    def _store(self) -> Store:
        return store() if self._own_store is None else self._own_store

    @contextmanager
    def _alone_with(
        self, key: Hashable, while_waiting: Callable[[], None] | None
    ) -> Iterator[None]:
        """Alone with `key`: others who ask for it wait."""
        with self._registry:
            lock, waiting = self._under_way.get(key, (threading.Lock(), 0))
            self._under_way[key] = (lock, waiting + 1)
        try:
            while not lock.acquire(timeout=-1 if while_waiting is None else LOOK_UP_SECONDS):
                if while_waiting is not None:
                    while_waiting()
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._registry:
                lock, waiting = self._under_way[key]
                self._under_way[key] = (lock, waiting - 1)
                if waiting == 1:
                    del self._under_way[key]
