"""The overview: every head of every layer on one picture, at a cost that does not grow.

Each head is a tile of at most 64 × 64 cells of one byte. Up to 64 tokens a cell is one
weight; beyond, it is the strongest weight of a block of queries and keys, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from attnviz.analysis.allowed import allowed_in_layer
from attnviz.analysis.formula import formula as formula_of
from attnviz.core.heads import PREFIXES, AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.one_kind import of_kind
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.pictures import style, svg
from attnviz.pictures.arguments import check_drawn, check_language
from attnviz.pictures.overview.on_paper import tiles_on_paper
from attnviz.pictures.packet import pack
from attnviz.pictures.picture import title
from attnviz.pictures.provenance import (
    given_weights_notes,
    intervention_notes,
    layer_notes,
    with_interventions,
)
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown
from attnviz.texts import Language, Message, say

if TYPE_CHECKING:
    from attnviz.pictures.explorer import Explorer

SCRIPT = Script("overview")
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

    def to_svg(self, language: Language | None = None) -> str:
        """One SVG file at print size, every cell in it."""
        language = language or self.language
        check_language(language)
        said = self._words(language)
        head = svg.words(said["title"], [said["note"]], style.INK["light"])
        signed = isinstance(self.drawn, AttentionMap) and self.drawn.is_signed
        trace = self.drawn if isinstance(self.drawn, Trace) else None
        named = trace is not None
        tiles = tiles_on_paper(self.tiles.levels, self.tiles.denied, signed=signed, named=named)
        recipe = None if trace is None else Recipe("overview", trace)
        return svg.document(trace, [head, tiles], recipe, language, said["alt"])

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


def tiles_of(trace: Trace) -> Tiles:
    """A tile a head of a trace with one kind of attention."""
    rows, columns = (cell_edges(len(side), len(trace.heads)) for side in _tokens(trace))
    layers = (pool(trace.layer_weights(n), rows, columns) for n in range(trace.model.layers))
    levels = np.stack([style.level(layer) for layer in layers])
    denied = [
        _none_allowed(allowed_in_layer(trace, layer), levels.shape[1:], rows, columns)
        for layer in range(trace.model.layers)
    ]
    return Tiles(levels, rows, columns, shared(denied))


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
    allowed: Bool[np.ndarray, "#head query key"] | None,
    cells: tuple[int, ...],
    rows: Sequence[int],
    columns: Sequence[int],
) -> Bool[np.ndarray, "head row column"]:
    """The blocks of queries and keys in which no pair is allowed."""
    if allowed is None:
        return np.zeros(cells, bool)
    return np.asarray(pool(allowed.astype(np.float32), rows, columns) == 0)


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


def overview_words(
    trace: Trace,
    rows: Sequence[str],
    columns: Sequence[str],
    tiles: Tiles,
    language: Language,
    extra: Sequence[str] = (),
) -> dict[str, Any]:
    """What an overview of the heads of a trace says; `rows` and `columns` are its labels."""
    card, kind = trace.model, trace.check_kind("self")
    sizes: dict[str, Any] = {"layers": card.layers, "heads": card.heads}
    block = _largest_block(tiles)
    source = "given" if card.source == "given" else "softmax"
    softmax = {"softmax": formula_of(trace, trace.heads)}
    named = Message(f"overview.formula_{source}", softmax)
    formula = with_interventions(named, trace, trace.heads).text(language)
    key = "overview.pooled" if block > 1 else "overview.exact"
    drawn = say(key, language, block=block, formula=formula)
    hatched = [] if tiles.denied is None else [say("overview.hatched", language)]
    changed = [
        *intervention_notes(trace, language),
        *given_weights_notes(trace, language),
        *layer_notes(trace, language),
    ]
    note = " ".join([drawn, *hatched, *extra, *changed])
    model, name = card.called(language), say(f"overview.title_{kind}", language, **sizes)
    sizes |= {"queries": len(rows), "keys": len(columns)}
    sizes |= {"rows": len(tiles.row_edges) - 1, "columns": len(tiles.column_edges) - 1}
    of = "" if kind == "self" else f" ({say(f'kind.{kind}', language)})"
    alt = say("overview.alt", language, model=model, kind=of, note=note, **sizes)
    return {
        "layers": card.layers,
        "heads": card.heads,
        "prefix": PREFIXES[kind],
        "title": title(trace, name, language),
        "note": note,
        "alt": alt,
        **_sides(rows, columns, tiles),
        **_spoken(language, signed=False),
    }


def map_words(view: Shown, tiles: Tiles, language: Language) -> dict[str, Any]:
    """What the overview of one map says."""
    attention = view.map
    kind = "signed" if attention.is_signed else "share"
    block = _largest_block(tiles)
    pooled = "_pooled" if block > 1 else ""
    drawn = say(f"overview.map_{kind}{pooled}", language, block=block)
    hatched = [] if attention.allowed is None else [say("overview.hatched", language)]
    note = " ".join([drawn, *hatched])
    name = view.name(language)
    alt = say(
        "overview.map_alt",
        language,
        name=name,
        rows=len(attention.rows),
        columns=len(attention.columns),
        note=note,
    )
    rows, columns = ([place.text for place in side] for side in (attention.rows, attention.columns))
    spoken = _spoken(language, signed=attention.is_signed)
    spoken["words"]["rest"] = say(f"map.rest{'_signed' if attention.is_signed else ''}", language)
    return {
        "layers": 1,
        "heads": 1,
        "alone": True,
        "title": name,
        "note": note,
        "alt": alt,
        **_sides(rows, columns, tiles),
        **spoken,
    }


def _largest_block(tiles: Tiles) -> int:
    """The longest side of a block that shares a cell, in tokens."""
    edges = (tiles.row_edges, tiles.column_edges)
    return max((end - start for side in edges for start, end in pairwise(side)), default=1)


def _sides(rows: Sequence[str], columns: Sequence[str], tiles: Tiles) -> dict[str, Any]:
    return {
        "rows": {"labels": list(rows), "edges": list(tiles.row_edges)},
        "columns": {"labels": list(columns), "edges": list(tiles.column_edges)},
    }


def _spoken(language: Language, *, signed: bool) -> dict[str, Any]:
    """The words under the pointer, and the colours of A and B."""
    kind = "_signed" if signed else ""
    texts = ("not_allowed", "hidden", "rest", "click_sets", "canvas_help")
    read = ("read", "read_block")
    return {
        "signed": signed,
        "words": {
            **{name: say(f"overview.{name}", language) for name in texts},
            **{name: say(f"overview.{name}{kind}", language) for name in read},
        },
        "colours": {
            mode: [getattr(code, mode) for code in style.HEAD_CODES[:2]] for mode in style.MODES
        },
    }
