"""Tiles: attention of a long text is computed for some queries at a time.

The weights of one head grow with the square of the text: 0.27 GB at 8,192 tokens. What is kept of
a trace grows with its length alone, and so does what is held while it is looked at.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped

from attnviz.errors import CaptureError

TILE = 2**22  # numbers that are computed at once: 17 MB of float32
LARGEST = 2**28  # numbers of one array that is handed out: 1.1 GB of float32

EVERY = slice(None)  # query
Queries = slice | np.ndarray  # of them


def blocks(queries: int, a_query: int, most: int = TILE) -> Iterator[slice]:
    """All queries in blocks, of each of which `a_query` numbers are computed."""
    step = max(1, most // max(1, a_query))
    for start in range(0, queries, step):
        yield slice(start, min(queries, start + step))


def check_size(*shape: int, error: str = "too_large") -> None:
    """Make sure that weights "*head query key" of this shape can be made as one array.

    `error` names what is said where they cannot.

    Raises:
        CaptureError: if they are too large.
    """
    if prod(shape) > LARGEST:
        sizes = {name: f"{4e-9 * n:.1f}" for name, n in (("size", prod(shape)), ("most", LARGEST))}
        raise CaptureError(error, heads=prod(shape[:-2]), tokens=f"{max(shape[-2:]):,}", **sizes)


def compact(array: Shaped[np.ndarray, "head query key"]) -> Shaped[np.ndarray, "head query key"]:
    """An array in the memory of its diagonals, if each holds one number.

    Such as a causal triangle, a sliding window, or a bias by distance: 2 n numbers in the place
    of n². What is read from it is the same.
    """
    rows, columns = array.shape[-2:]
    if min(rows, columns) < 2 or not _has_even_diagonals(array):
        return array
    lines = np.concatenate([array[:, ::-1, 0], array[:, 0, 1:]], axis=-1)  # from below to above
    return from_diagonals(lines, rows, columns)


def from_diagonals(
    lines: Shaped[np.ndarray, "head diagonal"], rows: int, columns: int
) -> Shaped[np.ndarray, "head query key"]:
    """An array from its diagonals, read only, without n² numbers in memory.

    `lines` begin with the one that begins at the last row, and end with the last column's.
    """
    lines = np.ascontiguousarray(lines)
    step, apart = lines.itemsize, lines.strides[0]
    made: np.ndarray = np.ndarray(
        (len(lines), rows, columns),
        lines.dtype,
        lines,
        offset=(rows - 1) * step,
        strides=(apart, -step, step),
    )
    made.flags.writeable = False
    return made


def _has_even_diagonals(array: np.ndarray) -> bool:
    rows, columns = array.shape[-2:]
    return all(
        bool((array[:, part][:, 1:, 1:] == array[:, part][:, :-1, :-1]).all())
        for part in _overlapping(rows, len(array) * columns)
    )


def _overlapping(rows: int, a_row: int) -> Iterator[slice]:
    for part in blocks(rows - 1, a_row):
        yield slice(part.start, part.stop + 1)


def causal(queries: int, keys: int) -> Bool[np.ndarray, "1 query key"]:
    """The mask of a token that looks at itself and at earlier ones."""
    return from_diagonals(np.arange(1 - queries, keys)[None] <= 0, queries, keys)


def of_queries(array: Any, queries: Queries) -> Any:
    """The part of an array "*#head #query key" that is of some queries; None of None."""
    if array is None or array.shape[-2] == 1:
        return array
    return array[..., queries, :]
