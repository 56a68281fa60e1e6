"""The queue: so much work at once in a process, sessions served in turn, and a bounded wait."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache

from attnviz.errors import BusyError
from attnviz.runtime import memory
from attnviz.runtime.limits import limits

LOOK_UP_SECONDS = 1.0  # how often somebody who waits is told the place, and asked whether to go on

OnPlace = Callable[[int], None]
HasLeft = Callable[[], bool]


class LeftError(Exception):
    """Who asked for the work is gone: it is not done."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for work: their session, how to tell them their place, whether they left."""

    session: Hashable = None  # None: a script, which nobody else waits behind
    on_place: OnPlace = lambda _: None
    has_left: HasLeft = lambda: False


@dataclass(slots=True, eq=False)
class _Ticket:
    """One piece of work that waits or runs."""

    session: Hashable
    is_light: bool
    turn: threading.Event = field(default_factory=threading.Event)


class _Lane:
    """Who waits for work of one weight: sessions take turns, whoever asked for more."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[Hashable, deque[_Ticket]] = OrderedDict()  # next one first

    def __len__(self) -> int:
        return sum(len(own) for own in self._sessions.values())

    def of(self, session: Hashable) -> deque[_Ticket]:
        """What one session waits for."""
        return self._sessions.get(session, deque())

    def join(self, ticket: _Ticket) -> None:
        self._sessions.setdefault(ticket.session, deque()).append(ticket)

    def leave(self, ticket: _Ticket) -> None:
        own = self._sessions[ticket.session]
        own.remove(ticket)
        if not own:
            del self._sessions[ticket.session]

    def next(self) -> _Ticket:
        """The next ticket in turn; its session goes behind all others."""
        session, own = self._sessions.popitem(last=False)
        ticket = own.popleft()
        if own:
            self._sessions[session] = own
        return ticket

    def place(self, ticket: _Ticket) -> int:
        """How many are served before, plus 1; 0 for who does not wait here."""
        own = self.of(ticket.session)
        if ticket not in own:
            return 0
        rounds = own.index(ticket)  # in each, every session that waits is served once
        place, is_ahead = 1, True
        for session, others in self._sessions.items():
            if session == ticket.session:
                is_ahead = False
                place += rounds
            else:
                place += min(len(others), rounds + is_ahead)
        return place


class Queue:
    """Places at which work may run.

    `for_light` of them are for light work alone, so that a short sentence does not wait for
    what takes seconds.
    """

    def __init__(
        self, at_once: int, waiting: int, of_one: int | None = None, for_light: int = 0
    ) -> None:
        self._places = {True: at_once, False: max(1, at_once - for_light)}
        self._most, self._most_of_one = waiting, of_one
        self._running = {True: 0, False: 0}
        self._lanes = {True: _Lane(), False: _Lane()}
        self._lights_turn = True
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, visitor: Visitor, *, is_light: bool = False) -> Iterator[None]:
        """Wait for a place, and give it back after the block.

        Somebody who waits is told their place in the queue, from 1, when it has changed.

        Raises:
            BusyError: if too many wait already, or this session asks for too much.
            LeftError: if somebody who waited is not there any more.
        """
        ticket = _Ticket(visitor.session, is_light)
        with self._lock:
            self._join(ticket)
            self._give_places()
        try:
            self._wait(ticket, visitor)
            yield
        finally:
            with self._lock:
                if ticket.turn.is_set():
                    self._running[is_light] -= 1
                else:
                    self._lanes[is_light].leave(ticket)
                self._give_places()

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._lock:
            return self._count()

    def _count(self) -> int:
        return sum(map(len, self._lanes.values()))

    def _join(self, ticket: _Ticket) -> None:
        own = sum(len(lane.of(ticket.session)) for lane in self._lanes.values())
        most = self._most_of_one
        if most is not None and ticket.session is not None and own >= most:
            raise BusyError("session_full", waiting=own)
        if not self._has_place(ticket.is_light) and self._count() >= self._most:
            raise BusyError("queue_full", waiting=self._most)
        self._lanes[ticket.is_light].join(ticket)

    def _has_place(self, is_light: bool) -> bool:
        whole = sum(self._running.values()) < self._places[True]
        return whole and (is_light or self._running[False] < self._places[False])

    def _give_places(self) -> None:
        """Let work begin that has a place; light and other work take turns."""
        while lanes := [w for w, lane in self._lanes.items() if lane and self._has_place(w)]:
            is_light = self._lights_turn if len(lanes) > 1 else lanes[0]
            self._lights_turn = not is_light
            self._running[is_light] += 1
            self._lanes[is_light].next().turn.set()

    def _wait(self, ticket: _Ticket, visitor: Visitor) -> None:
        last_told = 0
        while not ticket.turn.is_set():
            with self._lock:
                place = self._lanes[ticket.is_light].place(ticket)
            if place not in (0, last_told):  # told outside the lock: it may take its time
                visitor.on_place(place)
                last_told = place
            ticket.turn.wait(LOOK_UP_SECONDS)
            if visitor.has_left():
                raise LeftError


@cache
def passes() -> Queue:
    """The queue of all that is computed for a page, except trainings."""
    chosen = limits()
    return Queue(chosen.passes_at_once, chosen.passes_waiting, chosen.passes_of_one, for_light=1)


_visitor: ContextVar[Visitor | None] = ContextVar("visitor", default=None)
_has_turn: ContextVar[bool] = ContextVar("has_turn", default=False)


_find: list[Callable[[], Visitor]] = []


def visitors_are(find: Callable[[], Visitor]) -> None:
    """Where `asked_by` does not say who asks for work, `find` does."""
    _find[:] = [find]


def _visitor_now() -> Visitor:
    known = _visitor.get()
    return known or (_find[0]() if _find else Visitor())


@contextmanager
def asked_by(visitor: Visitor) -> Iterator[None]:
    """Whatever waits for a turn in the block waits for `visitor`."""
    token = _visitor.set(visitor)
    try:
        yield
    finally:
        _visitor.reset(token)


@contextmanager
def in_turn(*, is_light: bool = False) -> Iterator[None]:
    """Wait for a turn to compute something. Work inside work has its turn already.

    Light is what takes a fraction of a second: a short sentence, a picture of a trace.

    Raises:
        BusyError: if too many wait already, this session asks for too much, or memory stays
            short although everything was let go.
        LeftError: if who asked has left meanwhile.
    """
    if _has_turn.get():
        yield
        return
    visitor = _visitor_now()
    with passes().turn(visitor, is_light=is_light):
        wait_for_room(visitor)
        token = _has_turn.set(True)
        try:
            yield
        finally:
            _has_turn.reset(token)


def wait_for_room(visitor: Visitor) -> None:
    """Wait, first in the queue, until memory is below its ceiling.

    Raises:
        BusyError: if it stays above for long.
        LeftError: if the visitor left meanwhile.
    """
    until = time.monotonic() + limits().memory_seconds
    while not memory.has_room():
        if visitor.has_left():
            raise LeftError
        if time.monotonic() > until:
            raise BusyError("memory_full")
        visitor.on_place(1)
        time.sleep(LOOK_UP_SECONDS)
