"""A convolution of width three as three heads that look at −1, 0 and +1.

Each head looks at one fixed offset; its slice of W_O is the kernel's matrix at that offset.
The ends of the sentence meet. Cordonnier, Loukas & Jaggi 2020, theorem 1.
"""

import numpy as np
from jaxtyping import Float

from attnviz.core.weights import softmax

OFFSETS = (-1, 0, 1)
FILTERS = 8
SEED = 0


def kernel(d_model: int) -> Float[np.ndarray, "offset d_model filter"]:
    """A random filter bank, always the same for one width."""
    drawn = np.random.default_rng(SEED).normal(size=(len(OFFSETS), d_model, FILTERS))
    scaled: np.ndarray = drawn / np.sqrt(d_model)
    return scaled


def convolution(
    x: Float[np.ndarray, "token d_model"], filters: Float[np.ndarray, "offset d_model filter"]
) -> Float[np.ndarray, "token filter"]:
    """Each filter slid over the sentence: Σ over offsets of x[i + offset] · kernel."""
    shifted = [np.roll(x, -offset, axis=0) for offset in OFFSETS]  # each "token d_model"
    total: np.ndarray = sum(s @ f for s, f in zip(shifted, filters, strict=True))
    return total


def heads(
    x: Float[np.ndarray, "token d_model"],
    filters: Float[np.ndarray, "offset d_model filter"],
    strength: float,
) -> Float[np.ndarray, "token filter"]:
    """The same by three heads: weights from scores of `strength` at the offset, then W_O."""
    places = np.eye(len(x))  # "query key", as each head's weights
    weights = [softmax(strength * np.roll(places, offset, axis=1)) for offset in OFFSETS]
    total: np.ndarray = sum(w @ x @ f for w, f in zip(weights, filters, strict=True))
    return total
