"""Kept: answers that all sessions share, bounded in number and in bytes.

Answers are immutable and keyed by everything they depend on, so whoever asks the same gets
the same. Two who ask at once compute once. New work waits for its turn (`attnviz.budget.queue`).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from attnviz.budget.memory import size_of
from attnviz.budget.queue import in_turn

Answer = TypeVar("Answer")
MB = 1_000_000


class Kept(Generic[Answer]):
    """The latest answers: at most so many, and at most so many MB together."""

    def __init__(
        self, entries: int, megabytes: int, size: Callable[[Answer], int] = size_of
    ) -> None:
        self._entries, self._bytes, self._size = entries, megabytes * MB, size
        self._answers: OrderedDict[Hashable, tuple[Answer, int]] = OrderedDict()
        self._under_way: dict[Hashable, tuple[threading.Lock, int]] = {}
        self._registry = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer to `key`, made in turn if nobody has asked lately.

        Raises:
            BusyError: if it must be made and there is no room for that now.
        """
        found = self.peek(key)
        if found is not None:
            return found
        with in_turn(), self._making(key):  # in this order: who makes always has a turn
            found = self.peek(key)
            if found is None:
                found = make()
                self.put(key, found)
        return found

    def peek(self, key: Hashable) -> Answer | None:
        """The answer to `key`, if it is kept."""
        with self._registry:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key][0]

    def put(self, key: Hashable, answer: Answer) -> None:
        """Keep an answer, and let go of the oldest ones beyond the bounds."""
        size = self._size(answer)
        with self._registry:
            self._answers[key] = (answer, size)
            self._answers.move_to_end(key)
            while self._answers and self._is_beyond():
                self._answers.popitem(last=False)

    @property
    def megabytes(self) -> float:
        """What is kept, in MB."""
        with self._registry:
            return sum(size for _, size in self._answers.values()) / MB

    def __len__(self) -> int:
        with self._registry:
            return len(self._answers)

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

    def _is_beyond(self) -> bool:
        held = sum(size for _, size in self._answers.values())
        return len(self._answers) > self._entries or held > self._bytes
