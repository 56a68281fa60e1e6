"""The overview: every head of every layer on one picture, at a cost that does not grow.

Each head is a tile of at most 64 × 64 cells of one byte. Up to 64 tokens a cell is one
weight; beyond, it is the strongest weight of a block of queries and keys, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from attnviz.figures import style
from attnviz.figures.packet import pack
from attnviz.figures.picture import title
from attnviz.tracing.record import Trace
from attnviz.words import Language, say

LARGEST_TILE = 64  # cells a side
LARGEST_PAYLOAD = 768 * 1024  # bytes of all tiles, whatever the number of heads


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """All heads of a trace as tiles of levels (`style.level`)."""

    trace: Trace
    tiles: UInt8[np.ndarray, "layer head row column"]
    edges: tuple[int, ...]  # cell i covers tokens edges[i] to edges[i + 1] − 1

    def packet(
        self,
        a: tuple[int, int] | None = None,
        b: tuple[int, int] | None = None,
        language: Language = "en",
    ) -> bytes:
        """What draws the tiles, with heads `a` and `b` marked."""
        arrays = {
            "tiles": self.tiles,
            "ramp_light": style.ramp(style.INK["light"], "light"),
            "ramp_dark": style.ramp(style.INK["dark"], "dark"),
        }
        return pack({**_words(self, language), "marked": {"A": a, "B": b}}, arrays)


def overview(trace: Trace) -> Overview:
    """All layers × heads of a trace, one layer at a time."""
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


def _words(drawn: Overview, language: Language) -> dict[str, Any]:
    card, edges = drawn.trace.model, drawn.edges
    sizes = {"layers": card.layers, "heads": card.heads, "tokens": len(drawn.trace.tokens)}
    block = max(end - start for start, end in pairwise(edges))
    note = say("overview.pooled" if block > 1 else "overview.exact", language, block=block)
    texts = ("read", "read_block", "rest", "click_sets", "canvas_help")
    return {
        **sizes,
        "title": title(drawn.trace, say("overview.title", language, **sizes)),
        "note": note,
        "alt": say("overview.alt", language, model=card.title, **sizes),
        "edges": edges,
        "labels": [token.text for token in drawn.trace.tokens],
        "words": {name: say(f"overview.{name}", language) for name in texts},
        "colours": {
            "light": [code.light for code in style.HEAD_CODES[:2]],
            "dark": [code.dark for code in style.HEAD_CODES[:2]],
        },
    }
