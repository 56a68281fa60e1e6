"""The note's numbers, worked: from its matrices to z."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.core.weights import softmax
from attnviz.lessons import note_example


@dataclass(frozen=True, slots=True)
class Worked:
    """All numbers of the figure for the word that asks."""

    row: int
    vectors: dict[str, Float[np.ndarray, "word _"]]  # x, q, k, v

    @property
    def products(self) -> Float[np.ndarray, " word"]:
        """Dot products of the word that asks with each key."""
        products: np.ndarray = self.vectors["k"] @ self.vectors["q"][self.row]
        return products

    @property
    def scores(self) -> Float[np.ndarray, " word"]:
        """The products, divided."""
        return self.products / note_example.DIVISOR

    @property
    def weights(self) -> Float[np.ndarray, " word"]:
        """Softmax of the scores."""
        return softmax(self.scores)

    @property
    def weighed(self) -> Float[np.ndarray, "word width"]:
        """Each value times its weight."""
        weighed: np.ndarray = self.weights[:, None] * self.vectors["v"]
        return weighed

    @property
    def z(self) -> Float[np.ndarray, " width"]:
        """Their sum."""
        z: np.ndarray = self.weights @ self.vectors["v"]
        return z


def worked(row: int) -> Worked:
    """The note's numbers for one of its words."""
    x = note_example.X.astype(float)
    weights = {"q": note_example.W_Q, "k": note_example.W_K, "v": note_example.W_V}
    return Worked(row, {"x": x, **{letter: x @ w for letter, w in weights.items()}})
