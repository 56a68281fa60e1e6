"""Trainings that run while the page stays alive: started, watched, stopped.

A job runs in a thread of its own, and only the page that started it knows it. If that page
stops asking for news (the tab was closed), the job stops between two steps.
"""

import threading
import time

from attnviz.errors import AttnvizError, BusyError
from attnviz.training.record import Point, Report, Training
from attnviz.training.train import train

AGAIN_SECONDS = 4.0
PATIENCE = 20.0  # seconds without a question, after which nobody is there


class Job:
    """One training under way."""

    def __init__(self, task: str, heads: int, layers: int, seed: int, steps: int | None) -> None:
        self.task, self.heads, self.layers = task, heads, layers
        self.course: list[Point] = []
        self.latest: Report | None = None
        self.training: Training | None = None
        self.problem: AttnvizError | None = None
        self.refusal: BusyError | None = None  # for now: it is asked for again
        self._stop = threading.Event()
        self._asked = time.monotonic()
        arguments = (task, heads, layers, seed, steps)
        self._thread = threading.Thread(target=self._run, args=arguments, daemon=True)
        self._thread.start()

    def _run(self, task: str, heads: int, layers: int, seed: int, steps: int | None) -> None:
        while True:
            try:
                self.training = train(
                    task,
                    heads,
                    layers,
                    seed,
                    steps,
                    progress=self._report,
                    cancelled=self._cancelled,
                )
            except BusyError as problem:  # asked again until there is a place
                self.refusal = problem
                self._stop.wait(AGAIN_SECONDS)
                if not self._cancelled():
                    continue
            except AttnvizError as problem:
                self.problem = problem
            return

    def _report(self, report: Report) -> None:
        self.latest, self.refusal = report, None
        if report.loss is not None and report.accuracy is not None:
            self.course.append(Point(report.step, report.loss, report.accuracy))

    def _cancelled(self) -> bool:
        return self._stop.is_set() or time.monotonic() - self._asked > PATIENCE

    def ask(self) -> None:
        """Say that somebody still looks at this job."""
        self._asked = time.monotonic()

    def stop(self) -> None:
        """Stop before the next step."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait a while for the end; True if it has come."""
        self._thread.join(seconds)
        return not self.is_running

    @property
    def is_running(self) -> bool:
        """Whether it has neither a result nor a problem yet."""
        return self._thread.is_alive()
