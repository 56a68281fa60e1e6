"""Memory: how much this process holds, and how it gets below its ceiling again."""

import ctypes
import gc
import os
import threading
import time
from collections.abc import Callable

import psutil

from attnviz.runtime.limits import limits

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # parameters of glibc's mallopt
_ARENAS = 2  # more threads share them
_OWN_PAGES = 256 * 1024  # bytes; a larger array has pages of its own, which go back when it does

LetGo = Callable[[], bool]  # lets go of something; False if there is nothing left

_lock = threading.Lock()
_let_go: list[LetGo] = []
_full_since: list[float] = []  # since when work has waited for memory: one time, or none


def resident_mb() -> float:
    """What this process holds in memory, in MB; 0 where the system does not say."""
    try:
        resident: int = psutil.Process().memory_info().rss
    except psutil.Error:
        return 0.0
    return resident / 1e6


def lets_go(work: LetGo) -> None:
    """Have `work` called when memory is short, after those that were named before."""
    if work not in _let_go:
        _let_go.append(work)


def has_room() -> bool:
    """Whether something new may begin; above the ceiling, after letting go of what can be."""
    ceiling = limits().memory_mb
    if not ceiling or resident_mb() <= ceiling:
        _full_since.clear()
        return True
    with _lock:  # one thread makes room for all
        fits = _make_room(ceiling)
    if fits:
        _full_since.clear()
    elif not _full_since:
        _full_since.append(time.monotonic())
    return fits


def full_for() -> float:
    """For how many seconds nothing new could begin."""
    since = _full_since[:1]
    return time.monotonic() - since[0] if since else 0.0


def return_freed() -> bool:
    """Have the C library give an array's memory back as soon as the array is freed.

    By itself it takes an arena for each of many threads, and puts ever larger arrays into them,
    where one that stays keeps the pages of those around it. To be called before threads begin.
    False where the C library has no such parameters (it is not glibc).
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if tune is None:
        return False
    return bool(tune(_ARENA_MAX, _ARENAS) and tune(_MMAP_THRESHOLD, _OWN_PAGES))


def _make_room(ceiling: int) -> bool:
    collect()
    for work in _let_go:
        while resident_mb() > ceiling and work():
            collect()
    return resident_mb() <= ceiling


def collect() -> bool:
    """Free what nothing refers to any more, and return freed memory to the system.

    No collection runs after a page's run (it would walk all of torch), so cycles of closed
    sessions wait for this. False where the C library cannot return memory (it is not glibc).
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is None:
        return False
    trim(0)
    return True
