"""The tiles of an overview: every head, or every layer, as at most 64 × 64 cells of one byte."""

from collections.abc import Iterator, Sequence
from math import ceil, isqrt
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from attnviz.analysis.computed import computed_map
from attnviz.analysis.lens import Lens, MapKind
from attnviz.core.attention import Weighted
from attnviz.core.heads import HeadId
from attnviz.core.maps import AttentionMap, Place, second_text
from attnviz.core.tiles import blocks
from attnviz.core.tokens import Token
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
    # where the second text of a pair begins, among rows and among columns
    seconds: tuple[int | None, int | None] = (None, None)


def place_of(head: HeadId | None, *, of_layers: bool) -> tuple[int, int] | None:
    """The row and column of a head's tile: tiles of layers stand in one row."""
    if head is None:
        return None
    return (0, head.layer) if of_layers else (head.layer, head.head)


def labels_of(trace: Trace) -> tuple[list[str], list[str]]:
    """What the tokens that look are called, and those that are looked at."""
    queries, keys = ([token.text for token in side] for side in _tokens(trace))
    return queries, keys


def _tokens(trace: Trace) -> tuple[Sequence[Token], Sequence[Token]]:
    return trace.query_tokens(), trace.key_tokens()


def tiles_of(trace: Trace, kind: MapKind = "raw", progress: Progress | None = None) -> Tiles:
    """A tile a head of a trace with one kind of attention; of maps of layers, a tile a layer.

    Those stand all in one row. `progress` is told how many layers are done.
    """
    if kind != "raw":
        return _computed_tiles(trace, Lens(map=kind))
    rows, columns = (cell_edges(len(side), len(trace.heads)) for side in _tokens(trace))
    layers, attention = trace.model.layers, trace.check_kind("self")
    levels, denied = [], []
    for layer in range(layers):
        if progress is not None:
            progress(layer / layers, "overview")
        record = trace.attention[attention, layer]
        levels.append(style.level(_pooled(record, rows, columns)))
        denied.append(_none_allowed(record, rows, columns))
    return Tiles(np.stack(levels), rows, columns, shared(denied), _seconds(*_tokens(trace)))


def _computed_tiles(trace: Trace, lens: Lens) -> Tiles:
    heads = first_of_layers(trace.heads) if lens.is_of_layers else trace.heads
    rows, columns = (cell_edges(len(side), len(heads)) for side in _tokens(trace))
    down = 1 if lens.is_of_layers else trace.model.layers
    levels = np.zeros((len(heads), len(rows) - 1, len(columns) - 1), np.uint8)
    denied = np.zeros(levels.shape, bool)
    for tile, head in enumerate(heads):
        computed = computed_map(trace, head, lens)
        levels[tile] = style.level(pool(computed.values[None], rows, columns)[0])
        if computed.allowed is not None:
            denied[tile] = pool(computed.allowed[None].astype(np.float32), rows, columns)[0] == 0
    tiles = (down, len(heads) // down, *levels.shape[1:])
    seconds = _seconds(*_tokens(trace))
    return Tiles(levels.reshape(tiles), rows, columns, shared(list(denied.reshape(tiles))), seconds)


def _seconds(
    queries: Sequence[Token | Place], keys: Sequence[Token | Place]
) -> tuple[int | None, int | None]:
    return second_text(queries), second_text(keys)


def boundaries(tiles: Tiles) -> tuple[float | None, float | None]:
    """In cells, where the second text of a pair begins among a tile's rows and columns."""
    sides = zip(tiles.seconds, (tiles.row_edges, tiles.column_edges), strict=True)
    row, column = (
        None if second is None else float(np.interp(second, edges, range(len(edges))))
        for second, edges in sides
    )
    return row, column


def _pooled(
    record: Weighted, rows: Sequence[int], columns: Sequence[int]
) -> Float[np.ndarray, "head row column"]:
    """The strongest weight of each block of queries and keys, some rows of cells at a time."""
    parts = [
        pool(record.weights(slice(None), queries), some, columns)
        for queries, some in _row_groups(rows, columns, record.heads)
    ]
    return np.concatenate(parts, axis=1)


def _row_groups(
    rows: Sequence[int], columns: Sequence[int], heads: int
) -> Iterator[tuple[slice, tuple[int, ...]]]:
    """Rows of cells, a few at a time: which queries, and where each row begins among these."""
    cells, queries = len(rows) - 1, rows[-1]
    for part in blocks(cells, heads * columns[-1] * ceil(queries / cells)):
        some = rows[part.start : part.stop + 1]
        yield slice(some[0], some[-1]), tuple(edge - some[0] for edge in some)


def map_tile(drawn: AttentionMap) -> Tiles:
    """A map as the only tile. Cells that a lens hides are as they are: an overview hides none."""
    rows, columns = (cell_edges(len(side), 1) for side in (drawn.rows, drawn.columns))
    levels = style.map_levels(pool(drawn.values[None], rows, columns), signed=drawn.is_signed)
    denied = None
    if drawn.allowed is not None:
        allowed = pool(drawn.allowed[None].astype(np.float32), rows, columns)
        denied = (allowed == 0)[None].astype(np.uint8)
    return Tiles(levels[None], rows, columns, denied, _seconds(drawn.rows, drawn.columns))


def _none_allowed(
    record: Weighted, rows: Sequence[int], columns: Sequence[int]
) -> Bool[np.ndarray, "head row column"]:
    """The blocks of queries and keys in which no pair is allowed."""
    parts, cells = [], (record.heads, len(rows) - 1, len(columns) - 1)
    for queries, some in _row_groups(rows, columns, record.heads):
        allowed = record.may_look(slice(None), queries)
        if allowed is None:
            return np.zeros(cells, bool)
        may_look = allowed[:1] if allowed.strides[0] == 0 else allowed  # that of all heads
        parts.append(_of_blocks(np.logical_or, may_look, some, columns))
    return np.broadcast_to(~np.concatenate(parts, axis=1), cells)


def shared(
    denied: Sequence[Bool[np.ndarray, "head row column"]],
) -> UInt8[np.ndarray, "#layer #head row column"] | None:
    """What each head does not allow; one tile where all agree, None where all is allowed."""
    stacked = np.stack(denied)
    if not stacked.any():
        return None
    alike = (stacked == stacked[:1, :1]).all()
    return (stacked[:1, :1] if alike else stacked).astype(np.uint8)


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
