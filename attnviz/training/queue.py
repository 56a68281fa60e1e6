"""The queue: at most two trainings run at once in a process, in the order of arrival."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AT_ONCE = 2
LOOK_UP_SECONDS = 0.1  # how often somebody who waits looks whether to give up


class Queue:
    """Places at which work may run, given first come, first served."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._tickets: list[object] = []  # those who run, then those who wait
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, told: Callable[[int], None], cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait for a place, and give it back after the block.

        Somebody who waits is told their place in the queue, from 1, whenever it changes.
        The block also starts, at once, when `cancelled` says so; the work then ends itself.
        """
        ticket = object()
        with self._changed:
            self._tickets.append(ticket)
        try:
            self._wait(ticket, told, cancelled)
            yield
        finally:
            with self._changed:
                self._tickets.remove(ticket)
                self._changed.notify_all()

    def _wait(
        self, ticket: object, told: Callable[[int], None], cancelled: Callable[[], bool]
    ) -> None:
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
