"""Train: one call, one trained encoder; the same run is done once and shared."""

from collections.abc import Callable
from functools import cache

from attnviz import checks
from attnviz.runtime.cache import Cache
from attnviz.runtime.limits import limits
from attnviz.runtime.queue import LeftError, Queue, Visitor, wait_for_room
from attnviz.training.loop import learn
from attnviz.training.record import Cancelled, Progress, Report, Training
from attnviz.training.run import Run, checked
from attnviz.training.tasks import Task, task_called

_trainings: Cache[Training] = Cache()
_reports: dict[Run, Report] = {}  # the latest of each run under way


@cache
def _queue() -> Queue:
    allowed = limits()
    return Queue(allowed.trainings_at_once, allowed.trainings_waiting)


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


def _shared(run: Run, progress: Progress, cancelled: Cancelled) -> Training:
    """Do the run, or watch the one who does it, and take over where that one stops."""
    last: Report | None = None

    def watch() -> None:
        nonlocal last
        if cancelled():
            raise LeftError
        latest = _reports.get(run)
        if latest is not None and latest is not last:
            last = latest
            progress(latest)

    try:
        return _trainings.compute_once(
            run,
            lambda: _in_turn(run, progress, cancelled),
            while_waiting=watch,
            is_kept=lambda training: not training.was_stopped,
        )
    except LeftError:
        return learn(run, _tell_nobody, cancelled)  # no step is done


def _in_turn(run: Run, progress: Progress, cancelled: Cancelled) -> Training:
    """Do the run when there is a place for it, and say how it goes to all who watch."""

    def report(latest: Report) -> None:
        _reports[run] = latest
        progress(latest)

    visitor = Visitor(
        on_place=lambda place: report(Report(0, run.steps, place=place)), has_left=cancelled
    )
    try:
        with _queue().turn(visitor):
            wait_for_room(visitor)
            return learn(run, report, cancelled)
    finally:
        _reports.pop(run, None)


def _tell_nobody(_: Report) -> None:
    pass


def _never() -> bool:
    return False
