"""Sizes: which memory a record keeps alive, so that what two records share is counted once."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

ELSEWHERE = "counted_elsewhere"  # in a field's metadata: a model's own numbers
_REST = 200  # bytes of an object itself, about
_SMALL = 4096  # bytes; to keep account of what is smaller takes as much memory as that itself


def pieces_of(record: object) -> dict[int, int]:
    """The memory that a record keeps alive: where each piece begins, and its bytes.

    Arrays, tensors, texts, bytes, figures and what holds them. Views share the memory of one
    array, and records that hold the same array name the same piece. All that is small is one
    piece, the record's own, although another may hold some of it too.
    """
    pieces = _each_piece(record)
    large = {start: size for start, size in pieces.items() if size >= _SMALL}
    small = sum(pieces.values()) - sum(large.values())
    return {**large, id(record): small + large.get(id(record), 0)}


def _each_piece(record: object) -> dict[int, int]:
    """As `pieces_of`, with every small object as a piece."""
    pieces: dict[int, int] = {}
    seen: set[int] = set()
    waiting: list[Any] = [record]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or part is None or isinstance(part, type | int | float):
            continue
        seen.add(id(part))
        if isinstance(part, np.ndarray):
            base = _owner(part)
            if hasattr(base.base, "untyped_storage"):  # a tensor's numbers, or some of them
                waiting.append(base.base)
                continue
            start = base.__array_interface__["data"][0]
            pieces[start] = max(pieces.get(start, 0), base.nbytes)
        elif isinstance(part, str | bytes):
            pieces[id(part)] = sys.getsizeof(part)
        elif hasattr(part, "to_plotly_json"):  # a figure: its own copy of what it draws
            pieces[id(part)] = sum(pieces_of(part.to_plotly_json()).values())
        elif hasattr(part, "untyped_storage"):  # a tensor
            storage = part.untyped_storage()
            pieces[storage.data_ptr()] = storage.nbytes()
        elif hasattr(part, "state_dict"):  # a module: its parameters
            waiting.extend(part.state_dict(keep_vars=True).values())
        else:
            pieces[id(part)] = _REST
            waiting.extend(_parts(part))
    return pieces


def size_of(record: object) -> int:
    """About how many bytes a record keeps alive, each piece once."""
    return sum(pieces_of(record).values())


def _owner(array: np.ndarray) -> np.ndarray:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _parts(record: Any) -> Iterator[Any]:
    """What a record is made of, less what is counted elsewhere."""
    if isinstance(record, Mapping):
        yield from record.values()
    elif isinstance(record, tuple):
        yield from tuple.__iter__(record)  # what it holds, whatever else it brings when asked
    elif isinstance(record, list | set | frozenset):
        yield from record
    elif is_dataclass(record):
        names = [field.name for field in fields(record) if not field.metadata.get(ELSEWHERE)]
        known = {field.name for field in fields(record)}
        names += [name for name in getattr(record, "__dict__", {}) if name not in known]
        yield from (getattr(record, name, None) for name in names)
