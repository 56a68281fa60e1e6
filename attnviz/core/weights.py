"""Attention weights from queries and keys: computed when somebody looks at a head.

Vaswani et al. 2017, §3.2.1, equation 1: softmax(q kᵀ / √d_head + mask).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What the weights of one layer come from."""

    queries: Float[np.ndarray, "head token d_head"]
    keys: Float[np.ndarray, "head token d_head"]
    scaling: float
    mask: Float[np.ndarray, "#query #key"] | None  # added to the scores
    # what the model used in heads where an intervention had changed it, by head
    changed_scores: Mapping[int, Float[np.ndarray, "query key"]]
    changed_weights: Mapping[int, Float[np.ndarray, "query key"]]

    def scores(self, head: int) -> Float[np.ndarray, "query key"]:
        """What softmax was given in one head: scaled dot products, mask added."""
        if head in self.changed_scores:
            return self.changed_scores[head]
        return attention_scores(self.queries[head], self.keys[head], self.scaling, self.mask)

    def weights(self, head: int) -> Float[np.ndarray, "query key"]:
        """The weights that one head used."""
        if head in self.changed_weights:
            return self.changed_weights[head]
        return softmax(self.scores(head))

    def layer_weights(self) -> Float[np.ndarray, "head query key"]:
        """The weights that each head used."""
        weights = softmax(attention_scores(self.queries, self.keys, self.scaling, self.mask))
        for head in {*self.changed_scores, *self.changed_weights}:
            weights[head] = self.weights(head)
        return weights


def attention_scores(
    queries: Float[np.ndarray, "*head query d_head"],
    keys: Float[np.ndarray, "*head key d_head"],
    scaling: float,
    mask: Float[np.ndarray, "#query #key"] | None,
) -> Float[np.ndarray, "*head query key"]:
    """What softmax is given: dot products, scaled, with the mask added."""
    scores: np.ndarray = queries @ np.swapaxes(keys, -1, -2)
    scores *= np.float32(scaling)
    if mask is not None:
        scores += mask
    return scores


def softmax(scores: Float[np.ndarray, "*axes key"]) -> Float[np.ndarray, "*axes key"]:
    """Shares that sum to 1 over the last axis."""
    shares: np.ndarray = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares


def row_sums(weights: Float[np.ndarray, "*axes query key"]) -> tuple[float, float]:
    """The smallest and the largest sum of a row, in double precision."""
    sums = weights.sum(axis=-1, dtype=float)
    return float(sums.min()), float(sums.max())
