"""A head built by hand: positions as one-hot vectors, W_K = I, and a W_Q that shifts.

q of place i is `strength` at place i + shift, so that place's key gets the largest score.
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from attnviz.core.weights import softmax

PLACES = 12


def shifting_query(shift: int, strength: float) -> Float[np.ndarray, "place place"]:
    """W_Q: `strength` on the diagonal that leads `shift` places on. Ends have no neighbour."""
    return strength * np.eye(PLACES, k=shift)


def painted_query(
    cells: Iterable[tuple[int, int]], strength: float
) -> Float[np.ndarray, "place place"]:
    """W_Q: `strength` in each painted cell, row and column."""
    w_q = np.zeros((PLACES, PLACES))
    for row, column in cells:
        w_q[row, column] = strength
    return w_q


def attention(w_q: Float[np.ndarray, "place place"]) -> Float[np.ndarray, "query key"]:
    """softmax(P W_Q (P W_K)ᵀ / √d_k) with P = W_K = I and d_k = the number of places."""
    return softmax(w_q / np.sqrt(PLACES))


def least_on(weights: Float[np.ndarray, "query key"], offset: int) -> float:
    """The smallest weight on key = query + offset, over the queries that have such a key."""
    return float(np.diagonal(weights, offset).min())
