"""Train: one call, one trained encoder; the same run is done once and shared."""

import threading
from collections.abc import Callable
from functools import cache

from attnviz import checks
from attnviz.runtime.kept import Kept
from attnviz.runtime.queue import LeftError, Queue, Visitor, wait_for_room
from attnviz.runtime.settings import settings
from attnviz.training.loop import learn
from attnviz.training.record import Cancelled, Progress, Report, Training
from attnviz.training.run import Run, checked
from attnviz.training.tasks import Task, task_called

LOOK_UP_SECONDS = 0.1  # how often somebody who watches another's run is told of it

_registry = threading.Lock()
_under_way: dict[Run, "_UnderWay"] = {}


@cache
def _queue() -> Queue:
    chosen = settings()
    return Queue(chosen.trainings_at_once, chosen.trainings_waiting)


_kept: Kept[Training] = Kept()


def train(
    task: str | Task,
    heads: int = 8,
    layers: int = 1,
    seed: int = 0,
    steps: int | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Training:
    """Train a small encoder on a task, by its name or as a `Task` of your own.

    The same arguments give the same result on one machine, computed once and shared. Only
    so many trainings run at once; who waits is told their place through `progress`.
    `cancelled` is asked before each step; a stopped training is returned as far as it got.

    Raises:
        ArgumentError: if `progress` or `cancelled` cannot be called.
        TrainingError: if there is no such task, or a number is beyond its limits.
        BusyError: if too many wait already, or memory is short.

    Example:
        >>> train("eight-looks", heads=8).accuracy
        1.0
    """
    for name, called in (("progress", progress), ("cancelled", cancelled)):
        checks.kind(name, called, (Callable, type(None)), "print")  # type: ignore[arg-type]
    task = task if isinstance(task, Task) else task_called(task)
    run = checked(task, heads, layers, seed, steps)
    return _shared(run, progress or _tell_nobody, cancelled or _never)


class _UnderWay:
    """A run that somebody does, and others may watch."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.latest: Report | None = None


def _shared(run: Run, progress: Progress, cancelled: Cancelled) -> Training:
    """Do the run, or watch the one who does it, and take over where that one stops."""
    while True:
        with _registry:
            if (known := _kept.peek(run)) is not None:
                return known
            theirs = _under_way.get(run)
            if theirs is None:
                ours = _under_way[run] = _UnderWay()
        if theirs is None:
            return _do(run, ours, progress, cancelled)
        if not _watch(theirs, progress, cancelled):
            return learn(run, _tell_nobody, cancelled)  # gave up: no step is done


def _do(run: Run, ours: _UnderWay, progress: Progress, cancelled: Cancelled) -> Training:
    def tell(report: Report) -> None:
        ours.latest = report
        progress(report)

    def told_place(place: int) -> None:
        tell(Report(0, run.steps, place=place))

    try:
        visitor = Visitor(told=told_place, left=cancelled)
        with _queue().turn(visitor):
            wait_for_room(visitor)
            training = learn(run, tell, cancelled)
        if not training.was_stopped:
            _kept.put(run, training)
        return training
    except LeftError:
        return learn(run, _tell_nobody, cancelled)  # no step is done
    finally:
        with _registry:
            del _under_way[run]
        ours.done.set()


def _watch(theirs: _UnderWay, progress: Progress, cancelled: Cancelled) -> bool:
    """Pass on their reports until they are done; False if we gave up before."""
    last: Report | None = None
    while not theirs.done.wait(LOOK_UP_SECONDS):
        if cancelled():
            return False
        if theirs.latest is not None and theirs.latest is not last:
            last = theirs.latest
            progress(last)
    return True


def _tell_nobody(_: Report) -> None:
    pass


def _never() -> bool:
    return False
