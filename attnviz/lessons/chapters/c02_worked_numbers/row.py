"""One query's row in the model: from its dot products to its z."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from attnviz.lessons.engine import Scene

STRONGEST = 3  # keys that are shown one by one


@dataclass(frozen=True, slots=True)
class Row:
    """One query's row of the model, step by step; what is of a key comes in the order of keys."""

    x: Float[np.ndarray, "key d_model"]
    q: Float[np.ndarray, " d_head"]
    k: Float[np.ndarray, "key d_head"]
    v: Float[np.ndarray, "key d_value"]
    products: Float[np.ndarray, " key"]
    scores: Float[np.ndarray, " key"]
    weights: Float[np.ndarray, " key"]
    z: Float[np.ndarray, " d_value"]  # the model's own
    divisor: float

    @property
    def allowed(self) -> Integer[np.ndarray, " allowed"]:
        """The keys that the query may look at."""
        return np.flatnonzero(~np.isneginf(self.scores))

    @property
    def strongest(self) -> list[int]:
        """Of the keys that are allowed those with the largest weights, the largest first."""
        order = np.argsort(-self.weights[self.allowed], kind="stable")[:STRONGEST]
        keys: list[int] = self.allowed[order].tolist()
        return keys

    @property
    def others(self) -> Integer[np.ndarray, " other"]:
        """All other keys that are allowed."""
        return np.setdiff1d(self.allowed, self.strongest)

    def weighed(
        self, keys: Sequence[int] | Integer[np.ndarray, " chosen"]
    ) -> Float[np.ndarray, " d_value"]:
        """The sum of weight times value over some keys."""
        sums: np.ndarray = self.weights[keys] @ self.v[keys]
        return sums

    @property
    def error(self) -> float:
        """How far the weighted values, added up, are from the model's own z."""
        return float(np.abs(self.weights @ self.v - self.z).max())


def row_of(scene: Scene) -> Row:
    """The row of the chosen word in the chosen head."""
    trace, (layer, head), at = scene.trace, scene.head()[:2], scene.number("word")
    record = trace.record(layer)
    q, k, v = (
        array.astype(np.float64)
        for array in (
            record.queries[head][at],
            record.shared(record.keys, head),
            record.shared(record.values, head),
        )
    )
    return Row(
        trace.residual(layer),
        q,
        k,
        v,
        k @ q,
        trace.scores(scene.head())[at].astype(np.float64),
        trace.weights(scene.head())[at].astype(np.float64),
        trace.head_output(layer)[head][at].astype(np.float64),
        1 / record.scaling,
    )
