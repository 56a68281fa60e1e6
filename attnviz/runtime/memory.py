"""Memory: how much this process holds, and how it gets below its ceiling again."""

import ctypes
import gc
import os
import threading
import time
from collections.abc import Callable, Mapping

import psutil

from attnviz.runtime.limits import limits

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1  # parameters of glibc's mallopt
_ARENAS = 2  # more threads share them
_OWN_PAGES = 256 * 1024  # bytes; a larger array has pages of its own, which go back when it does
_LONG = 4 * 2**20  # bytes of an array of a text of some thousand tokens
_USED_AGAIN = 64 * 2**20  # bytes; as much stays with the process for its next text
_CHOSEN_OUTSIDE = ("GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")

LetGo = Callable[[], bool]  # lets go of something; False if there is nothing left

_lock = threading.Lock()
_let_go: list[LetGo] = []
_is_tuned = threading.Event()  # the C library, by one of the two below
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
    _is_tuned.set()
    return _tune({_ARENA_MAX: _ARENAS, _MMAP_THRESHOLD: _OWN_PAGES})


def use_freed_again() -> bool:
    """Have the C library keep what one text needed for the next, and a long array apart.

    By itself it gives memory back after every text, to take it page by page for the next: of a
    pass over 512 tokens that is 8 %. And it puts arrays of up to 32 MB between others, so
    that what was freed among those of a long trace stays taken: a third of the trace.
    Once; False in a server, which has its own way, or where somebody has chosen another.
    """
    if _is_tuned.is_set() or any(name in os.environ for name in _CHOSEN_OUTSIDE):
        return False
    _is_tuned.set()
    return _tune({_MMAP_THRESHOLD: _LONG, _TRIM_THRESHOLD: _USED_AGAIN})


def _tune(parameters: Mapping[int, int]) -> bool:
    tune = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    return tune is not None and all(tune(*one) for one in parameters.items())


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
