"""The overview: every head of every layer on one picture, at a cost that does not grow.

Each head is a tile of at most 64 × 64 cells of one byte. Up to 64 tokens a cell is one
weight; beyond, it is the strongest weight of a block of queries and keys, and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from attnviz.core.attention import Weighted
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.one_kind import of_kind
from attnviz.core.sheet import Sheet
from attnviz.core.tiles import blocks
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.models.progress import Progress
from attnviz.pictures import style, svg
from attnviz.pictures.arguments import check_drawn, check_language
from attnviz.pictures.overview.on_paper import tiles_on_paper
from attnviz.pictures.overview.record import Tiles as Tiles
from attnviz.pictures.overview.words import map_words as map_words
from attnviz.pictures.overview.words import overview_words as overview_words
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import paper_of
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown
from attnviz.texts import Language

if TYPE_CHECKING:
    from attnviz.pictures.explorer import Explorer

SCRIPT = Script("overview")
LARGEST_TILE = 64  # cells a side
LARGEST_PAYLOAD = 768 * 1024  # bytes of all tiles, whatever the number of heads


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Overview:
    """All heads of a trace as tiles; or one map as one tile."""

    drawn: Trace | AttentionMap
    tiles: Tiles
    language: Language = "en"  # of files that are not asked for in another one

    def __repr__(self) -> str:
        return f"<Overview: {self.drawn!r}>"

    def packet(
        self,
        a: AnyHead | None = None,
        b: AnyHead | None = None,
        language: Language = "en",
    ) -> bytes:
        """What draws the tiles, with heads `a` and `b` marked.

        Raises:
            InterventionError: if the model has no such head.
        """
        check_language(language)
        if isinstance(self.drawn, Trace):
            a, b = (None if head is None else self.drawn.check_head(head)[:2] for head in (a, b))
        arrays = {"tiles": self.tiles.levels, **inks_of(self.drawn)}
        if self.tiles.denied is not None:
            arrays["denied"] = self.tiles.denied
        return pack({**self._words(language), "marked": {"A": a, "B": b}}, arrays)

    def to_html(self, language: Language | None = None) -> str:
        """One HTML file that needs no network: all heads, and those that are chosen in full."""
        return self._explorer(language or self.language).to_html()

    def to_svg(self, language: Language | None = None, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet` of a paper, every cell in it."""
        language = language or self.language
        check_language(language)
        said = self._words(language)
        paper = paper_of(sheet)
        head = svg.words(said["title"], [said["note"]], paper.ink, paper)
        signed = isinstance(self.drawn, AttentionMap) and self.drawn.is_signed
        trace = self.drawn if isinstance(self.drawn, Trace) else None
        named = trace is not None
        levels, denied = self.tiles.levels, self.tiles.denied
        tiles = tiles_on_paper(levels, denied, paper, signed=signed, named=named)
        recipe = None if trace is None else Recipe("overview", trace)
        return svg.document(trace, [head, tiles], recipe, language, said["alt"], sheet)

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return self._explorer(self.language)._repr_html_()

    def _words(self, language: Language) -> dict[str, Any]:
        if isinstance(self.drawn, AttentionMap):
            return map_words(Shown(self.drawn, style.HEAD_CODES[0]), self.tiles, language)
        return overview_words(self.drawn, *labels_of(self.drawn), self.tiles, language)

    def _explorer(self, language: Language) -> "Explorer":
        from attnviz.pictures.explorer import explore  # which is drawn with this module

        return explore(self.drawn, language=language)


def overview(trace: Trace | AttentionMap, *, language: Language = "en") -> Overview:
    """All layers × heads of a trace, one layer at a time; or an attention map as one tile.

    Of an encoder–decoder its cross-attention; `trace.of_kind("encoder")` and "decoder" hold the
    rest.

    Raises:
        ArgumentError: if it is no trace and no map, or it cannot speak this language.
    """
    check_drawn(trace)
    check_language(language)
    if isinstance(trace, AttentionMap):
        return Overview(trace, map_tile(trace), language)
    one = of_kind(trace)
    return Overview(one, tiles_of(one), language)


def labels_of(trace: Trace) -> tuple[list[str], list[str]]:
    """What the tokens that look are called, and those that are looked at."""
    queries, keys = ([token.text for token in side] for side in _tokens(trace))
    return queries, keys


def _tokens(trace: Trace) -> tuple[Sequence[Token], Sequence[Token]]:
    return trace.query_tokens(), trace.key_tokens()


def tiles_of(trace: Trace, progress: Progress | None = None) -> Tiles:
    """A tile a head of a trace with one kind of attention.

    `progress` is told how many layers are done.
    """
    rows, columns = (cell_edges(len(side), len(trace.heads)) for side in _tokens(trace))
    layers, kind = trace.model.layers, trace.check_kind("self")
    levels, denied = [], []
    for layer in range(layers):
        if progress is not None:
            progress(layer / layers, "overview")
        record = trace.attention[kind, layer]
        levels.append(style.level(_pooled(record, rows, columns)))
        denied.append(_none_allowed(record, rows, columns))
    return Tiles(np.stack(levels), rows, columns, shared(denied))


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
    return Tiles(levels[None], rows, columns, denied)


def _none_allowed(
    record: Weighted, rows: Sequence[int], columns: Sequence[int]
) -> Bool[np.ndarray, "head row column"]:
    """The blocks of queries and keys in which no pair is allowed."""
    parts, cells = [], (record.heads, len(rows) - 1, len(columns) - 1)
    for queries, some in _row_groups(rows, columns, record.heads):
        allowed = record.may_look(slice(None), queries)
        if allowed is None:
            return np.zeros(cells, bool)
        one = allowed[:1] if allowed.strides[0] == 0 else allowed  # that of all heads
        parts.append(_of_blocks(np.logical_or, one, some, columns))
    return np.broadcast_to(~np.concatenate(parts, axis=1), cells)


def shared(
    denied: Sequence[Bool[np.ndarray, "head row column"]],
) -> UInt8[np.ndarray, "#layer #head row column"] | None:
    """What each head does not allow; one tile where all agree, None where all is allowed."""
    each = np.stack(denied)
    if not each.any():
        return None
    alike = (each == each[:1, :1]).all()
    return (each[:1, :1] if alike else each).astype(np.uint8)


def inks_of(drawn: Trace | AttentionMap) -> dict[str, np.ndarray]:
    """The colours of an overview's levels in both modes: ink, or two hues for both signs."""
    if isinstance(drawn, AttentionMap) and drawn.is_signed:
        code = style.HEAD_CODES[0]
        return {f"ramp_{mode}": style.map_ramp(code, mode, signed=True) for mode in style.MODES}
    return {f"ramp_{mode}": style.ramp(style.INK[mode], mode) for mode in style.MODES}


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
