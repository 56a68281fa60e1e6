"""The note's numbers, worked: from its matrices to z."""

from dataclasses import dataclass

import numpy as np

from attnviz.core.weights import softmax
from attnviz.lessons import note_example


@dataclass(frozen=True, slots=True)
class Worked:
    """All numbers of the figure for the word that asks."""

    row: int
    vectors: dict[str, np.ndarray]  # x, q, k, v: "word width"

    @property
    def products(self) -> np.ndarray:
        """Dot products of the word that asks with each key."""
        found: np.ndarray = self.vectors["k"] @ self.vectors["q"][self.row]
        return found

    @property
    def scores(self) -> np.ndarray:
        """The products, divided."""
        return self.products / note_example.DIVISOR

    @property
    def weights(self) -> np.ndarray:
        """Softmax of the scores."""
        return softmax(self.scores)

    @property
    def weighed(self) -> np.ndarray:
        """Each value times its weight: "word width"."""
        found: np.ndarray = self.weights[:, None] * self.vectors["v"]
        return found

    @property
    def z(self) -> np.ndarray:
        """Their sum."""
        found: np.ndarray = self.weights @ self.vectors["v"]
        return found


def worked(row: int) -> Worked:
    """The note's numbers for one of its words."""
    x = note_example.X.astype(float)
    weights = {"q": note_example.W_Q, "k": note_example.W_K, "v": note_example.W_V}
    return Worked(row, {"x": x, **{letter: x @ w for letter, w in weights.items()}})
