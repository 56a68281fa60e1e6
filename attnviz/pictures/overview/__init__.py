"""The overview: every head of every layer on one picture, at a cost that does not grow.

Each head is a tile of at most 64 × 64 cells of one byte. Up to 64 tokens a cell is one
weight; beyond, it is the strongest weight of a block of queries and keys, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np

from attnviz import checks
from attnviz.analysis.formula import formula as formula_of
from attnviz.analysis.lens import Lens, MapKind
from attnviz.core.heads import AnyHead, HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.pictures import style, svg
from attnviz.pictures.arguments import check_drawn, check_language
from attnviz.pictures.overview.on_paper import tiles_on_paper
from attnviz.pictures.overview.tiles import Tiles, map_tile, place_of, tiles_of
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import paper_of
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


class Ranked(NamedTuple):
    """All heads in an order of their own, each with the value that gives it its rank."""

    heads: Sequence[HeadId]
    values: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Overview:
    """All heads of a trace as tiles, or all its layers; or one map as one tile."""

    drawn: Trace | AttentionMap
    tiles: Tiles
    language: Language = "en"  # of files that are not asked for in another one
    map: MapKind = "raw"

    def __repr__(self) -> str:
        return f"<Overview: {self.drawn!r}>"

    def packet(
        self,
        a: tuple[int, int] | None = None,
        b: tuple[int, int] | None = None,
        language: Language = "en",
        more: Sequence[AnyHead] = (),
        ranked: Ranked | None = None,
        *,
        captioned: bool = False,
    ) -> bytes:
        """What draws the tiles, with heads `a`, `b` and more marked, or their layers.

        The tiles stand by layer and head, or as they are `ranked`. They say their model unless
        they are `captioned` with it, as on a page.

        Raises:
            InterventionError: if the model has no such head.
        """
        check_language(language)
        others: list[tuple[int, int] | None] = []
        if isinstance(self.drawn, Trace):
            of_layers = Lens(map=self.map).is_of_layers
            heads = (None if head is None else self.drawn.check_head(head) for head in (a, b))
            a, b = (place_of(head, of_layers=of_layers) for head in heads)
            others = [place_of(self.drawn.check_head(h), of_layers=of_layers) for h in more]
        arrays = {"tiles": self.tiles.levels, **inks_of(self.drawn)}
        if self.tiles.denied is not None:
            arrays["denied"] = self.tiles.denied
        meta = {**self._words(language), "marked": {"A": a, "B": b}, "more": others}
        if captioned:
            meta["title"] = meta["name"]
        if ranked is not None:
            order = [(head.layer, head.head) for head in ranked.heads]
            meta["ranked"] = {"order": order, "values": ranked.values}
        return pack(meta, arrays)

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
        recipe = None if trace is None else Recipe("overview", trace, map=self.map)
        return svg.document(trace, [head, tiles], recipe, language, said["alt"], sheet)

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return self._explorer(self.language)._repr_html_()

    def _words(self, language: Language) -> dict[str, Any]:
        if isinstance(self.drawn, AttentionMap):
            return map_words(Shown(self.drawn, style.HEAD_CODES[0]), self.tiles, language)
        labels = [token.text for token in self.drawn.tokens]
        return overview_words(self.drawn, labels, labels, self.tiles, language, kind=self.map)

    def _explorer(self, language: Language) -> "Explorer":
        from attnviz.pictures.explorer import explore  # which is drawn with this module

        lens = Lens(map=self.map) if isinstance(self.drawn, Trace) else None
        return explore(self.drawn, lens=lens, language=language)


def overview(
    trace: Trace | AttentionMap,
    *,
    map: MapKind = "raw",  # noqa: A002 (as in a lens)
    language: Language = "en",
) -> Overview:
    """All layers × heads of a trace, one layer at a time; or an attention map as one tile.

    `map` is what each tile shows: the weights of a head ("raw") or its "norm_weighted" map; the
    "rollout" or "flow" of each layer.

    Raises:
        ArgumentError: if it is no trace and no map, there is no such map or none of this trace,
            or it cannot speak this language.
        CaptureError: if the trace does not hold what the map is computed from.
    """
    check_drawn(trace)
    check_language(language)
    checks.one_of("map", map, get_args(MapKind))
    if isinstance(trace, AttentionMap):
        if map != "raw":
            raise ArgumentError("map_alone")
        return Overview(trace, map_tile(trace), language)
    return Overview(trace, tiles_of(trace, map), language, map)


def inks_of(drawn: Trace | AttentionMap) -> dict[str, np.ndarray]:
    """The colours of an overview's levels in both modes: ink, or two hues for both signs."""
    if isinstance(drawn, AttentionMap) and drawn.is_signed:
        code = style.HEAD_CODES[0]
        return {f"ramp_{mode}": style.map_ramp(code, mode, signed=True) for mode in style.MODES}
    return {f"ramp_{mode}": style.ramp(style.INK[mode], mode) for mode in style.MODES}


def overview_words(
    trace: Trace,
    rows: Sequence[str],
    columns: Sequence[str],
    tiles: Tiles,
    language: Language,
    extra: Sequence[str] = (),
    kind: MapKind = "raw",
) -> dict[str, Any]:
    """What an overview of the heads of a trace says; `rows` and `columns` are its labels."""
    card = trace.model
    sizes = {"layers": card.layers, "heads": card.heads, "tokens": len(rows)}
    block = _largest_block(tiles)
    of_layers = Lens(map=kind).is_of_layers
    of = "" if kind == "raw" else "_layers" if of_layers else "_norm"
    key = f"overview.pooled{of}" if block > 1 else f"overview.exact{of}"
    formula = _formula(trace, kind).text(language)
    drawn = say(key, language, block=block, cells=f"{block**2:,}", formula=formula)
    hatched = [] if tiles.denied is None else [say("overview.hatched", language)]
    changed = [
        *intervention_notes(trace, language),
        *given_weights_notes(trace, language),
        *layer_notes(trace, language),
    ]
    note = " ".join([drawn, *hatched, *extra, *changed])
    named = "overview.title" if kind == "raw" else f"overview.title_{kind}"
    model, name = card.called(language), say(named, language, **sizes)
    alt = say(
        f"overview.alt{'_layers' if of_layers else ''}",
        language,
        model=model,
        name=name,
        cells=len(tiles.row_edges) - 1,
        note=note,
        **sizes,
    )
    return {
        "layers": 1 if of_layers else card.layers,
        "heads": card.layers if of_layers else card.heads,
        "ofLayers": of_layers,
        "title": title(trace, name, language),
        "name": name,
        "note": note,
        "alt": alt,
        **_sides(rows, columns, tiles),
        **_spoken(language, signed=False),
    }


def _formula(trace: Trace, kind: MapKind) -> Message:
    """How the numbers of all tiles came about."""
    if kind != "raw":
        of = "derived.norm_formula" if kind == "norm_weighted" else f"overview.formula_{kind}"
        return Message(of)
    source = "given" if trace.model.source == "given" else "softmax"
    softmax = {"softmax": formula_of(trace, trace.heads)}
    return with_interventions(Message(f"overview.formula_{source}", softmax), trace, trace.heads)


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
        "name": name,
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
    read = ("read", "read_block", "pixel")
    return {
        "signed": signed,
        "words": {
            "slots": {"add": say("overview.click_add", language)},
            **{name: say(f"overview.{name}", language) for name in texts},
            **{name: say(f"overview.{name}{kind}", language) for name in read},
        },
        "colours": {
            mode: [getattr(code, mode) for code in style.HEAD_CODES] for mode in style.MODES
        },
        "dashes": [code.dash for code in style.HEAD_CODES],
    }
