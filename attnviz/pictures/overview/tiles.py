"""The tiles of an overview: every head, or every layer, as at most 64 × 64 cells of one byte."""

from collections.abc import Iterator, Sequence
from math import ceil, isqrt
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from attnviz.analysis.computed import computed_map
from attnviz.analysis.lens import Lens, MapKind
from attnviz.core.heads import HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.tiles import blocks
from attnviz.core.trace import Trace
from attnviz.models.progress import Progress
from attnviz.pictures import style
from attnviz.pictures.shown import first_of_layers

LARGEST_TILE = 64  # cells a side
LARGEST_PAYLOAD = 768 * 1024  # bytes of all tiles, whatever the number of heads


class Tiles(NamedTuple):
    """A tile a head: levels (`style.map_levels`), and where each row and column begins.

    Cell i of a side covers the tokens from edge i to edge i + 1 − 1.
    """

    levels: UInt8[np.ndarray, "layer head row column"]
    row_edges: tuple[int, ...]
    column_edges: tuple[int, ...]
    # 1 where no pair of a cell is allowed; one tile for all heads where they agree
    denied: UInt8[np.ndarray, "#layer #head row column"] | None = None


def place_of(head: HeadId | None, *, of_layers: bool) -> tuple[int, int] | None:
    """The row and column of a head's tile: tiles of layers stand in one row."""
    if head is None:
        return None
    return (0, head.layer) if of_layers else (head.layer, head.head)


def tiles_of(trace: Trace, kind: MapKind = "raw", progress: Progress | None = None) -> Tiles:
    """A tile a head of a trace; of maps of layers, a tile a layer, all in one row.

    `progress` is told how many layers are done.
    """
    if kind != "raw":
        return _computed_tiles(trace, Lens(map=kind))
    edges, layers = cell_edges(len(trace.tokens), len(trace.heads)), trace.model.layers
    levels, denied = [], []
    for layer in range(layers):
        if progress is not None:
            progress(layer / layers, "overview")
        levels.append(style.level(_pooled(trace, layer, edges)))
        denied.append(_none_allowed(trace, layer, edges))
    return Tiles(np.stack(levels), edges, edges, shared(denied))


def _computed_tiles(trace: Trace, lens: Lens) -> Tiles:
    heads = first_of_layers(trace.heads) if lens.is_of_layers else trace.heads
    edges = cell_edges(len(trace.tokens), len(heads))
    side, rows = len(edges) - 1, 1 if lens.is_of_layers else trace.model.layers
    levels = np.zeros((len(heads), side, side), np.uint8)
    denied = np.zeros(levels.shape, bool)
    for tile, head in enumerate(heads):
        made = computed_map(trace, head, lens)
        levels[tile] = style.level(pool(made.values[None], edges, edges)[0])
        if made.allowed is not None:
            denied[tile] = pool(made.allowed[None].astype(np.float32), edges, edges)[0] == 0
    tiles = (rows, len(heads) // rows, side, side)
    return Tiles(levels.reshape(tiles), edges, edges, shared(list(denied.reshape(tiles))))


def _pooled(trace: Trace, layer: int, edges: Sequence[int]) -> Float[np.ndarray, "head row column"]:
    """The strongest weight of each block of queries and keys, some rows of cells at a time."""
    record = trace.attention["self", trace.check_layer(layer)]
    parts = [
        pool(record.weights(slice(None), queries), rows, edges)
        for queries, rows in _row_groups(edges, record.heads)
    ]
    return np.concatenate(parts, axis=1)


def _row_groups(edges: Sequence[int], heads: int) -> Iterator[tuple[slice, tuple[int, ...]]]:
    """Rows of cells, a few at a time: which queries, and where each row begins among these."""
    cells, tokens = len(edges) - 1, edges[-1]
    for part in blocks(cells, heads * tokens * ceil(tokens / cells)):
        rows = edges[part.start : part.stop + 1]
        yield slice(rows[0], rows[-1]), tuple(edge - rows[0] for edge in rows)


def map_tile(drawn: AttentionMap) -> Tiles:
    """A map as the only tile. Cells that a lens hides are as they are: an overview hides none."""
    rows, columns = (cell_edges(len(side), 1) for side in (drawn.rows, drawn.columns))
    levels = style.map_levels(pool(drawn.values[None], rows, columns), signed=drawn.is_signed)
    denied = None
    if drawn.allowed is not None:
        allowed = pool(drawn.allowed[None].astype(np.float32), rows, columns)
        denied = (allowed == 0)[None].astype(np.uint8)
    return Tiles(levels[None], rows, columns, denied)


def _none_allowed(
    trace: Trace, layer: int, edges: Sequence[int]
) -> Bool[np.ndarray, "head row column"]:
    """The blocks of queries and keys in which no pair is allowed."""
    record, parts = trace.attention["self", layer], []
    side = len(edges) - 1
    for queries, rows in _row_groups(edges, record.heads):
        allowed = record.may_look(slice(None), queries)
        if allowed is None:
            return np.zeros((record.heads, side, side), bool)
        one = allowed[:1] if allowed.strides[0] == 0 else allowed  # that of all heads
        parts.append(_of_blocks(np.logical_or, one, rows, edges))
    return np.broadcast_to(~np.concatenate(parts, axis=1), (record.heads, side, side))


def shared(
    denied: Sequence[Bool[np.ndarray, "head row column"]],
) -> UInt8[np.ndarray, "#layer #head row column"] | None:
    """What each head does not allow; one tile where all agree, None where all is allowed."""
    each = np.stack(denied)
    if not each.any():
        return None
    alike = (each == each[:1, :1]).all()
    return (each[:1, :1] if alike else each).astype(np.uint8)


def cell_edges(tokens: int, heads: int) -> tuple[int, ...]:
    """Where the cells of a tile begin, and the end: one token a cell while that is small."""
    side = min(tokens, LARGEST_TILE, isqrt(LARGEST_PAYLOAD // heads))
    return tuple(round(cell * tokens / side) for cell in range(side + 1))


def pool(
    values: Float[np.ndarray, "head query key"],
    row_edges: Sequence[int],
    column_edges: Sequence[int],
) -> Float[np.ndarray, "head row column"]:
    """The value of each block of queries and keys that is farthest from 0."""
    if (len(row_edges) - 1, len(column_edges) - 1) == values.shape[1:]:
        return values
    largest = _of_blocks(np.maximum, values, row_edges, column_edges)
    if values.min(initial=0) >= 0:
        return largest
    least = _of_blocks(np.minimum, values, row_edges, column_edges)
    return np.where(-least > largest, least, largest)


def _of_blocks(
    ufunc: np.ufunc, values: np.ndarray, row_edges: Sequence[int], column_edges: Sequence[int]
) -> np.ndarray:
    over_keys = ufunc.reduceat(values, column_edges[:-1], axis=2)
    return np.asarray(ufunc.reduceat(over_keys, row_edges[:-1], axis=1))
