"""The overview: every head of every layer on one picture, at a cost that does not grow.

Each head is a tile of at most 64 × 64 cells of one byte. Up to 64 tokens a cell is one
weight; beyond, it is the strongest weight of a block of queries and keys, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
from jaxtyping import Shaped

from attnviz import checks
from attnviz.analysis.lens import Lens, MapKind
from attnviz.core.heads import AnyHead, HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.one_kind import of_kind
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.pictures import style, svg
from attnviz.pictures.arguments import check_drawn, check_language
from attnviz.pictures.file import one_file
from attnviz.pictures.overview.on_paper import every_on_paper, tiles_on_paper
from attnviz.pictures.overview.tiles import (
    Tiles,
    boundaries,
    labels_of,
    map_tile,
    place_of,
    tiles_of,
)
from attnviz.pictures.overview.words import map_words, named_tiles, overview_words, tile_counts
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import Paper, paper_of
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown
from attnviz.pictures.standalone import FRAME_HEIGHT, framed, picture, tag
from attnviz.texts import Language, running, say

if TYPE_CHECKING:
    from attnviz.pictures.explorer import Explorer

SCRIPT = Script("overview")


class Ranked(NamedTuple):
    """All heads in an order of their own, each with the value that gives it its rank."""

    heads: Sequence[HeadId]
    values: Sequence[str]


def framed_tiles(
    drawn: Trace | AttentionMap, map_kind: MapKind, heads: Sequence[AnyHead | None]
) -> dict[str, Any]:
    """The tiles of `heads` (A, B and more), each by its row and its column, which are framed.

    Raises:
        InterventionError: if the model has no such head.
    """
    if not isinstance(drawn, Trace):
        return {"marked": {"A": None, "B": None}, "more": []}
    of_layers = Lens(map=map_kind).is_of_layers
    checked = [None if head is None else drawn.check_head(head) for head in heads]
    of_a, of_b, *others = [place_of(head, of_layers=of_layers) for head in checked]
    return {"marked": {"A": of_a, "B": of_b}, "more": others}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Overview:
    """All heads of a trace as tiles, or all its layers; or one map as one tile."""

    drawn: Trace | AttentionMap
    tiles: Tiles
    language: Language = "en"  # of files that are not asked for in another one
    map: MapKind = "raw"
    whole: Trace | None = None  # with other kinds of attention, which stand beside it in a file
    heads: tuple[HeadId, ...] = ()  # A, B, then more: on paper their tiles are framed

    def __repr__(self) -> str:
        return f"<Overview: {self.whole or self.drawn!r}>"

    def packet(
        self,
        a: AnyHead | None = None,
        b: AnyHead | None = None,
        language: Language = "en",
        more: Sequence[AnyHead] = (),
        ranked: Ranked | None = None,
        *,
        captioned: bool = False,
        span: tuple[int, int] | None = None,
    ) -> bytes:
        """What draws the tiles, with heads `a`, `b` and more marked, or their layers.

        The tiles stand by layer and head, or as they are `ranked`. They say their model unless
        they are `captioned` with it, as on a page. `span`, the first and the last of the tokens
        that other pictures draw, is framed, and can be dragged anew.

        Raises:
            InterventionError: if the model has no such head.
        """
        check_language(language)
        arrays = {"tiles": self.tiles.levels, **inks_of(self.drawn)}
        if self.tiles.denied is not None:
            arrays["denied"] = self.tiles.denied
        meta = {**self._words(language), **framed_tiles(self.drawn, self.map, (a, b, *more))}
        if captioned:
            meta["title"] = meta["name"]
        if span is not None:
            meta["span"] = span
            meta["words"] = {**meta["words"], "span": say("overview.span", language)}
            meta["note"] = running([meta["note"], say("overview.brush", language)])
        if ranked is not None:
            order = [(head.layer, head.head) for head in ranked.heads]
            meta["ranked"] = {"order": order, "values": ranked.values}
        return pack(meta, arrays)

    def to_html(self, language: Language | None = None) -> str:
        """One HTML file that needs no network: all heads, and those that are chosen in full."""
        language = language or self.language
        if self.whole is None:
            return self._explorer(language).to_html()
        explorers = [one._explorer(language) for one in self.every]
        pictures = [picture("explorer", of.packet(), of.alt) for of in explorers]
        called = ", ".join(one._words(language)["name"] for one in self.every)
        steps = tag("p", say("file.steps", language), "small")
        return one_file(pictures, self.whole, called, self._recipe, language, [steps])

    def to_svg(self, language: Language | None = None, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet` of a paper, every cell in it."""
        language = language or self.language
        check_language(language)
        paper = paper_of(sheet)
        blocks = [block for one in self.every for block in one._blocks(language, paper)]
        trace = self.whole or (self.drawn if isinstance(self.drawn, Trace) else None)
        alt = running(one._words(language)["alt"] for one in self.every)
        return svg.document(trace, blocks, self._recipe, language, alt, sheet)

    @property
    def every(self) -> "tuple[Overview, ...]":
        """The overviews that stand in a file: of each kind of attention, or this one alone."""
        if self.whole is None:
            return (self,)
        kinds = (of_kind(self.whole, kind) for kind in self.whole.kinds)
        return tuple(
            Overview(one, tiles_of(one, self.map), self.language, self.map, heads=self.heads)
            for one in kinds
        )

    @property
    def _recipe(self) -> Recipe | None:
        trace = self.whole or (self.drawn if isinstance(self.drawn, Trace) else None)
        return None if trace is None else Recipe("overview", trace, self.heads, map=self.map)

    def _blocks(self, language: Language, paper: Paper) -> list[svg.Block]:
        """Words and tiles on paper."""
        words = self._words(language)
        signed = isinstance(self.drawn, AttentionMap) and self.drawn.is_signed
        trace = self.drawn if isinstance(self.drawn, Trace) else None
        levels, denied = self.tiles.levels, self.tiles.denied
        named = [] if trace is None else named_tiles(every_on_paper(levels.shape, paper), language)
        counts = [*tile_counts(self.tiles, language, signed=signed), *named]
        head = svg.words(words["title"], [words["note"], *named], paper.ink, paper, counts=counts)
        drawn = tiles_on_paper(
            levels,
            denied,
            paper,
            boundaries(self.tiles),
            self._framed,
            signed=signed,
            named=trace is not None,
        )
        return [head, drawn]

    @property
    def _framed(self) -> dict[tuple[int, int], style.HeadCode]:
        """The tiles of the chosen heads that are among these, each with how its head is drawn."""
        kinds = () if isinstance(self.drawn, AttentionMap) else self.drawn.kinds
        framed: dict[tuple[int, int], style.HeadCode] = {}
        for head, code in zip(self.heads, style.HEAD_CODES, strict=False):
            at = place_of(head, of_layers=Lens(map=self.map).is_of_layers)
            if at is not None and head.kind in kinds:
                framed.setdefault(at, code)
        return framed

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        alt = running(one._words(self.language)["alt"] for one in self.every)
        return framed(self.to_html(), alt, FRAME_HEIGHT)

    def _words(self, language: Language) -> dict[str, Any]:
        if isinstance(self.drawn, AttentionMap):
            return map_words(Shown(self.drawn, style.HEAD_CODES[0]), self.tiles, language)
        return overview_words(
            self.drawn, *labels_of(self.drawn), self.tiles, language, map_kind=self.map
        )

    def _explorer(self, language: Language) -> "Explorer":
        from attnviz.pictures.explorer import explore  # which is drawn with this module

        lens = Lens(map=self.map) if isinstance(self.drawn, Trace) else None
        return explore(self.drawn, lens=lens, language=language)


def overview(
    trace: Trace | AttentionMap,
    heads: Sequence[AnyHead] = (),
    *,
    map: MapKind = "raw",  # noqa: A002 (as in a lens)
    language: Language = "en",
) -> Overview:
    """All layers × heads of a trace, one layer at a time; or an attention map as one tile.

    Of an encoder–decoder the heads of all three kinds, each kind for itself; of
    `trace.of_kind("cross")` those of one. Its own numbers are then those of cross-attention.

    On paper the tiles of `heads` are framed, the first as head A, the second as head B.

    `map` is what each tile shows: the weights of a head ("raw") or its "norm_weighted" map; the
    "rollout" or "flow" of each layer.

    Raises:
        ArgumentError: if it is no trace and no map, there is no such map or none of this trace,
            or it cannot speak this language.
        CaptureError: if the trace does not hold what the map is computed from.
        InterventionError: if the model has no such head.
    """
    check_drawn(trace)
    check_language(language)
    checks.one_of("map", map, get_args(MapKind))
    if isinstance(trace, AttentionMap):
        if heads or map != "raw":
            raise ArgumentError("map_alone")
        return Overview(trace, map_tile(trace), language)
    trace_of_kind = of_kind(trace)
    whole_trace = trace if len(trace.kinds) > 1 else None
    framed = tuple(trace.check_head(head) for head in heads)
    tiles = tiles_of(trace_of_kind, map)
    return Overview(trace_of_kind, tiles, language, map, whole_trace, framed)


def inks_of(drawn: Trace | AttentionMap) -> dict[str, Shaped[np.ndarray, "..."]]:
    """The colours of an overview's levels in both modes: ink, or two hues for both signs."""
    if isinstance(drawn, AttentionMap) and drawn.is_signed:
        code = style.HEAD_CODES[0]
        return {f"ramp_{mode}": style.map_ramp(code, mode, signed=True) for mode in style.MODES}
    return {f"ramp_{mode}": style.ramp(style.INK[mode], mode) for mode in style.MODES}
