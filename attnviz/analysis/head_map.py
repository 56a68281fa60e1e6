"""The head map: heads that look alike stand close together.

Distances are Hellinger's, the root mean square over queries; their rank correlation with the
Jensen–Shannon divergence is close to 1, at a hundredth of the cost. Two dimensions keep only
a part of them, and the map says which part. Classical scaling: Torgerson 1952.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attnviz.analysis.difference import all_rows, overlaps
from attnviz.core.tiles import blocks
from attnviz.core.trace import Trace


class HeadMap(NamedTuple):
    """Where each head stands, and how much of all distances two dimensions keep."""

    places: Float[np.ndarray, "all_heads 2"]
    distances: Float[np.ndarray, "all_heads all_heads"]
    kept: float  # share of the variance, 0 to 1


def head_map(trace: Trace) -> HeadMap:
    """All heads of a trace on a plane. Distances run from 0 (alike) to 1 (disjoint)."""
    queries, keys = len(trace.query_tokens()), len(trace.key_tokens())
    similar = np.zeros((len(trace.heads),) * 2)
    for part in blocks(queries, len(trace.heads) * keys):
        share = (part.stop - part.start) / queries
        similar += share * overlaps(all_rows(trace, part))
    squared = np.maximum(0.0, 1 - similar)
    np.fill_diagonal(squared, 0.0)
    places, kept = scaled(squared)
    return HeadMap(places, np.sqrt(squared), kept)


def scaled(
    squared: Float[np.ndarray, "item item"],
) -> tuple[Float[np.ndarray, "item 2"], float]:
    """Two coordinates from squared distances, and the share of the variance that they keep."""
    items = len(squared)
    centring = np.eye(items) - 1 / items
    inner = -centring @ squared @ centring / 2  # "item item"
    sizes, directions = np.linalg.eigh(inner)  # a direction is a column: "item direction"
    largest = np.argsort(-sizes)[:2]
    lengths = np.sqrt(np.maximum(0.0, sizes[largest]))
    places = np.zeros((items, 2))
    places[:, : len(largest)] = directions[:, largest] * lengths
    total = float(np.maximum(0.0, sizes).sum())
    kept = float(np.maximum(0.0, sizes[largest]).sum()) / total if total else 1.0
    return places, kept
