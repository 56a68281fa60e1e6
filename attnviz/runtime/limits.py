"""Limits: what one process may use. A script has its own; a server sets those of its settings."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

UNLIMITED = sys.maxsize


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What one process may use; where nothing is set, as befits a script or a notebook.

    What each number means is said in `settings.toml`, which holds those of a server.
    """

    characters: int = 20_000
    tokens: int = 8_192
    passes_at_once: int = UNLIMITED
    passes_waiting: int = UNLIMITED
    passes_of_one: int = UNLIMITED
    trainings_at_once: int = UNLIMITED
    trainings_waiting: int = UNLIMITED
    memory_mb: int = 0  # no ceiling
    memory_seconds: int = 0
    kept_mb: int = 1_000
    idle_mb: int = 1_000
    idle_seconds: int = UNLIMITED
    hub_seconds: int = 10


_OF_A_SCRIPT = ProcessLimits()
_find: list[Callable[[], ProcessLimits]] = [lambda: _OF_A_SCRIPT]


def limits() -> ProcessLimits:
    """The limits of this process."""
    return _find[0]()


def limits_are(find: Callable[[], ProcessLimits]) -> None:
    """From now on `find` gives the limits of this process."""
    _find[:] = [find]
