"""The queue: so much work at once in a process, in the order of arrival, and a bounded wait."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from attnviz.budget.memory import check_memory
from attnviz.budget.settings import settings
from attnviz.errors import BusyError

LOOK_UP_SECONDS = 0.1  # how often somebody who waits looks whether to give up

Told = Callable[[int], None]


class Queue:
    """Places at which work may run, given first come, first served."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once, self._most = at_once, at_once + waiting
        self._tickets: list[object] = []  # those who run, then those who wait
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, told: Told, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait for a place, and give it back after the block.

        Somebody who waits is told their place in the queue, from 1, whenever it changes.
        The block also starts, at once, when `cancelled` says so; the work then ends itself.

        Raises:
            BusyError: if too many wait already, or memory is short.
        """
        check_memory()
        ticket = object()
        with self._changed:
            if len(self._tickets) >= self._most:
                raise BusyError("queue_full", waiting=self._most - self._at_once)
            self._tickets.append(ticket)
        try:
            self._wait(ticket, told, cancelled)
            yield
        finally:
            with self._changed:
                self._tickets.remove(ticket)
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._changed:
            return max(0, len(self._tickets) - self._at_once)

    def _wait(self, ticket: object, told: Told, cancelled: Callable[[], bool]) -> None:
        last_told = 0
        while True:
            with self._changed:
                place = self._tickets.index(ticket) + 1 - self._at_once
                if place == last_told:
                    self._changed.wait(LOOK_UP_SECONDS)
                    place = self._tickets.index(ticket) + 1 - self._at_once
            if place <= 0 or cancelled():
                return
            if place != last_told:  # outside the lock: it may take its time
                told(place)
                last_told = place


@cache
def passes() -> Queue:
    """The queue of all that is computed for a page, except trainings."""
    chosen = settings()
    return Queue(chosen.passes_at_once, chosen.passes_waiting)


def _tell_nobody(_: int) -> None:
    pass


_told: ContextVar[Told] = ContextVar("told", default=_tell_nobody)
_has_turn: ContextVar[bool] = ContextVar("has_turn", default=False)


@contextmanager
def telling(told: Told) -> Iterator[None]:
    """Whoever waits for a turn in the block is told their place by `told`."""
    token = _told.set(told)
    try:
        yield
    finally:
        _told.reset(token)


@contextmanager
def in_turn() -> Iterator[None]:
    """Wait for a turn to compute something. Work inside work has its turn already.

    Raises:
        BusyError: if too many wait already, or memory is short.
    """
    if _has_turn.get():
        yield
        return
    with passes().turn(_told.get(), lambda: False):
        token = _has_turn.set(True)
        try:
            yield
        finally:
            _has_turn.reset(token)
