"""Held: which memory a record keeps alive, so that what two records share is counted once."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

ELSEWHERE = "held_elsewhere"  # in a field's metadata: what a model keeps alive in any case
_REST = 200  # bytes of an object itself, about


def held(thing: object) -> dict[int, int]:
    """The memory that a record keeps alive: where each piece begins, and its bytes.

    Arrays, tensors, texts, bytes, figures and what holds them. Views share the memory of one
    array, and records that hold the same array name the same piece.
    """
    pieces: dict[int, int] = {}
    seen: set[int] = set()
    waiting: list[Any] = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or one is None or isinstance(one, type | int | float):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            base = _owner(one)
            start = base.__array_interface__["data"][0]
            pieces[start] = max(pieces.get(start, 0), base.nbytes)
        elif isinstance(one, str | bytes):
            pieces[id(one)] = sys.getsizeof(one)
        elif hasattr(one, "to_plotly_json"):  # a figure: its own copy of what it draws
            pieces[id(one)] = sum(held(one.to_plotly_json()).values())
        elif hasattr(one, "untyped_storage"):  # a tensor
            storage = one.untyped_storage()
            pieces[storage.data_ptr()] = storage.nbytes()
        else:
            pieces[id(one)] = _REST
            waiting.extend(_parts(one))
    return pieces


def size_of(thing: object) -> int:
    """About how many bytes a record keeps alive, each piece once."""
    return sum(held(thing).values())


def _owner(array: np.ndarray) -> np.ndarray:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _parts(thing: Any) -> Iterator[Any]:
    """What a record is made of, less what is held elsewhere in any case."""
    if isinstance(thing, Mapping):
        yield from thing.values()
    elif isinstance(thing, tuple):
        yield from tuple.__iter__(thing)  # what it holds, whatever else it brings when asked
    elif isinstance(thing, list | set | frozenset):
        yield from thing
    elif is_dataclass(thing):
        kept = [field.name for field in fields(thing) if not field.metadata.get(ELSEWHERE)]
        known = {field.name for field in fields(thing)}
        kept += [name for name in getattr(thing, "__dict__", {}) if name not in known]
        yield from (getattr(thing, name, None) for name in kept)
