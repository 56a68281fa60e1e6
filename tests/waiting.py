"""Waiting in tests: for what happens, never for a time.

A ceiling is there for what never happens. It is far beyond what the slowest machine needs, so
that no test is decided by how fast a machine is.
"""

import threading
from collections.abc import Callable

CEILING = 300.0  # seconds
PAUSE = 0.02  # seconds between two looks


def until(done: Callable[[], bool], alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until something is so, as long as what brings it about is alive."""
    pause = threading.Event()  # never set
    for _ in range(round(CEILING / PAUSE)):
        if done():
            return
        assert alive(), "what was waited for cannot happen any more"
        pause.wait(PAUSE)
    raise AssertionError(f"not within {CEILING} s")
