"""The tiles of an overview: every head, or every layer, as at most 64 × 64 cells of one byte."""

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from attnviz.analysis.allowed import allowed_in_layer
from attnviz.analysis.computed import computed_map
from attnviz.analysis.lens import Lens, MapKind
from attnviz.core.heads import HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
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


def tiles_of(trace: Trace, kind: MapKind = "raw") -> Tiles:
    """A tile a head of a trace; of maps of layers, a tile a layer, all in one row."""
    return _raw_tiles(trace) if kind == "raw" else _computed_tiles(trace, Lens(map=kind))


def _computed_tiles(trace: Trace, lens: Lens) -> Tiles:
    heads = first_of_layers(trace.heads) if lens.is_of_layers else trace.heads
    edges = cell_edges(len(trace.tokens), len(heads))
    side, rows = len(edges) - 1, 1 if lens.is_of_layers else trace.model.layers
    levels = np.zeros((len(heads), side, side), np.uint8)
    denied = np.zeros(levels.shape, bool)
    for tile, head in enumerate(heads):
        made = computed_map(trace, head, lens)
        levels[tile] = style.level(pool(made.values[None], edges, edges)[0])
        allowed = None if made.allowed is None else made.allowed[None]
        denied[tile] = _none_allowed(allowed, 1, edges)[0]
    tiles = (rows, len(heads) // rows, side, side)
    return Tiles(levels.reshape(tiles), edges, edges, shared(list(denied.reshape(tiles))))


def _raw_tiles(trace: Trace) -> Tiles:
    edges = cell_edges(len(trace.tokens), len(trace.heads))
    layers = (pool(trace.layer_weights(n), edges, edges) for n in range(trace.model.layers))
    levels = np.stack([style.level(layer) for layer in layers])
    denied = [
        _none_allowed(allowed_in_layer(trace, layer), levels.shape[1], edges)
        for layer in range(trace.model.layers)
    ]
    return Tiles(levels, edges, edges, shared(denied))


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
    allowed: Bool[np.ndarray, "#head query key"] | None, heads: int, edges: Sequence[int]
) -> Bool[np.ndarray, "head row column"]:
    """The blocks of queries and keys in which no pair is allowed."""
    if allowed is None:
        side = len(edges) - 1
        return np.zeros((heads, side, side), bool)
    return np.asarray(pool(allowed.astype(np.float32), edges, edges) == 0)


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
