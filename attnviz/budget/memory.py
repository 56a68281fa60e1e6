"""Memory: how much this process holds, how much a thing holds, and when it is enough."""

import ctypes
import os
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.budget.settings import settings
from attnviz.errors import BusyError

_STATM = Path("/proc/self/statm")  # pages; the second number is what is resident
_PAGE = 4096


def resident_mb() -> float:
    """What this process holds in memory, in MB; 0 where the system does not say."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError):
        return 0.0
    return pages * _PAGE / 1e6


def check_memory() -> None:
    """Refuse to begin something new above the ceiling.

    Raises:
        BusyError: if this process already holds more.
    """
    ceiling = settings().memory_mb
    if ceiling and resident_mb() > ceiling:
        raise BusyError("memory_full")


def give_back() -> bool:
    """Return freed memory to the system, which the C library keeps for itself otherwise.

    False where the C library has no way to do it (it is not glibc).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is None:
        return False
    trim(0)
    return True


def size_of(thing: object) -> int:
    """About how many bytes a record holds: its arrays, tensors, texts and bytes, each once."""
    return _size(thing, set())


def _size(thing: Any, seen: set[int]) -> int:
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        if isinstance(thing.base, np.ndarray):
            return _size(thing.base, seen)  # views share the memory of one array
        return thing.nbytes
    if isinstance(thing, str | bytes):
        return sys.getsizeof(thing)
    if isinstance(thing, Mapping):
        return sum(_size(value, seen) for value in thing.values())
    if isinstance(thing, tuple | list):
        return sum(_size(part, seen) for part in thing)
    if is_dataclass(thing):
        names = {field.name for field in fields(thing)} | set(getattr(thing, "__dict__", {}))
        return sum(_size(getattr(thing, name, None), seen) for name in names)
    return int(getattr(thing, "nbytes", 0))
