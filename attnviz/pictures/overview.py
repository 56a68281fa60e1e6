"""The overview: every head of every layer on one picture, at a cost that does not grow.

Each head is a tile of at most 64 × 64 cells of one byte. Up to 64 tokens a cell is one
weight; beyond, it is the strongest weight of a block of queries and keys, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8

from attnviz.core.trace import Trace
from attnviz.pictures import style, svg
from attnviz.pictures.asked import check_language, check_trace
from attnviz.pictures.facts import about_given, changes, with_changes
from attnviz.pictures.packet import pack
from attnviz.pictures.picture import title
from attnviz.pictures.recipe import Recipe
from attnviz.texts import Language, say

if TYPE_CHECKING:
    from attnviz.pictures.explorer import Explorer

LARGEST_TILE = 64  # cells a side
LARGEST_PAYLOAD = 768 * 1024  # bytes of all tiles, whatever the number of heads


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Overview:
    """All heads of a trace as tiles of levels (`style.level`)."""

    trace: Trace
    tiles: UInt8[np.ndarray, "layer head row column"]
    edges: tuple[int, ...]  # cell i covers tokens edges[i] to edges[i + 1] − 1

    def __repr__(self) -> str:
        return f"<Overview: {self.trace!r}>"

    def packet(
        self,
        a: tuple[int, int] | None = None,
        b: tuple[int, int] | None = None,
        language: Language = "en",
    ) -> bytes:
        """What draws the tiles, with heads `a` and `b` marked.

        Raises:
            InterventionError: if the model has no such head.
        """
        check_language(language)
        a, b = (None if head is None else self.trace.check_head(head) for head in (a, b))
        arrays = {
            "tiles": self.tiles,
            "ramp_light": style.ramp(style.INK["light"], "light"),
            "ramp_dark": style.ramp(style.INK["dark"], "dark"),
        }
        labels = [token.text for token in self.trace.tokens]
        words = overview_words(self.trace, labels, self.edges, language)
        return pack({**words, "marked": {"A": a, "B": b}}, arrays)

    def to_html(self, language: Language = "en") -> str:
        """One HTML file that needs no network: all heads, and those that are chosen in full."""
        return self._explorer(language).to_html()

    def to_svg(self, language: Language = "en") -> str:
        """One SVG file at print size, every cell in it."""
        check_language(language)
        labels = [token.text for token in self.trace.tokens]
        said = overview_words(self.trace, labels, self.edges, language)
        head = svg.words(said["title"], [said["note"]], style.INK["light"])
        recipe = Recipe("overview", self.trace)
        tiles = svg.tiles(self.tiles)
        return svg.sheet(self.trace, [head, tiles], recipe, language, said["alt"])

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return self._explorer("en")._repr_html_()

    def _explorer(self, language: Language) -> "Explorer":
        from attnviz.pictures.explorer import explore  # which is drawn with this module

        return explore(self.trace, language=language)


def overview(trace: Trace) -> Overview:
    """All layers × heads of a trace, one layer at a time.

    Raises:
        ArgumentError: if it is no trace.
    """
    check_trace(trace)
    edges = cell_edges(len(trace.tokens), len(trace.heads))
    layers = (pool(trace.layer_weights(n), edges) for n in range(trace.model.layers))
    return Overview(trace, np.stack([style.level(layer) for layer in layers]), edges)


def cell_edges(tokens: int, heads: int) -> tuple[int, ...]:
    """Where the cells of a tile begin, and the end: one token a cell while that is small."""
    side = min(tokens, LARGEST_TILE, isqrt(LARGEST_PAYLOAD // heads))
    return tuple(round(cell * tokens / side) for cell in range(side + 1))


def pool(
    weights: Float[np.ndarray, "head query key"], edges: Sequence[int]
) -> Float[np.ndarray, "head row column"]:
    """The strongest weight of each block of queries and keys."""
    if len(edges) == weights.shape[-1] + 1:
        return weights
    over_keys = np.maximum.reduceat(weights, edges[:-1], axis=2)
    return np.asarray(np.maximum.reduceat(over_keys, edges[:-1], axis=1))


def overview_words(
    trace: Trace,
    labels: Sequence[str],
    edges: Sequence[int],
    language: Language,
    extra: Sequence[str] = (),
) -> dict[str, Any]:
    """What an overview of places with these labels says. `edges` are those of its cells."""
    card = trace.model
    sizes = {"layers": card.layers, "heads": card.heads, "tokens": len(labels)}
    block = max((end - start for start, end in pairwise(edges)), default=1)  # nothing is left
    source = "given" if card.source == "given" else "softmax"
    formula = say(f"overview.formula_{source}", language)
    formula = with_changes(formula, trace, trace.heads, language)
    key = "overview.pooled" if block > 1 else "overview.exact"
    drawn = say(key, language, block=block, formula=formula)
    changed = [*changes(trace, language), *about_given(trace, language)]
    note = " ".join([drawn, *extra, *changed])
    cells = len(edges) - 1
    texts = ("read", "read_block", "hidden", "rest", "click_sets", "canvas_help")
    return {
        **sizes,
        "title": title(trace, say("overview.title", language, **sizes), language),
        "note": note,
        "alt": say(
            "overview.alt", language, model=card.called(language), cells=cells, note=note, **sizes
        ),
        "edges": list(edges),
        "labels": list(labels),
        "words": {name: say(f"overview.{name}", language) for name in texts},
        "colours": {
            "light": [code.light for code in style.HEAD_CODES[:2]],
            "dark": [code.dark for code in style.HEAD_CODES[:2]],
        },
    }
