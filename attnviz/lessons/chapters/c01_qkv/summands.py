"""One number of q as a sum: its largest products, the others together, and the bias."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.core.card import Projected
from attnviz.digits import equals, printed
from attnviz.lessons.engine import Scene
from attnviz.pictures.elements.products import factor

LARGEST = 3  # products that are written out
DECIMALS = 3
KIND: Projected = "query"


@dataclass(frozen=True, slots=True)
class Sum:
    """One number of q: its largest products by the number of x, the others together, the bias."""

    component: int
    at: list[int]
    x: Float[np.ndarray, " term"]  # those numbers of x, and of the column of W_Q
    w: Float[np.ndarray, " term"]
    products: Float[np.ndarray, " term"]
    rest: float
    others: int
    bias: float
    q: float  # as the model has it

    @property
    def terms(self) -> list[str]:
        """What is added up, as printed."""
        last_term = [self.rest] if self.others else []
        return [printed(float(t), DECIMALS) for t in (*self.products, *last_term, self.bias)]

    @property
    def sign(self) -> str:
        """Between the terms and q."""
        return equals(self.terms, printed(self.q, DECIMALS))

    @property
    def error(self) -> float:
        """How far the sum is from the model's own number."""
        return abs(float(self.products.sum()) + self.rest + self.bias - self.q)

    def says(self) -> str:
        """All of it in writing."""
        added = " + ".join(factor(term) for term in self.terms)
        return f"q[{self.component}] = {added} {self.sign} {printed(self.q, DECIMALS)}"


def sum_of(scene: Scene, component: int) -> Sum:
    """One number of q of the chosen word and head, added up."""
    trace, head, at = scene.trace, scene.head(), scene.number("word")
    matrix_ = trace.input_projection(head, KIND)
    x = trace.residual(head.layer)[at].astype(np.float64)
    w = matrix_.weight[:, component].astype(np.float64)
    products = x * w
    largest = sorted(np.argsort(-np.abs(products), kind="stable")[:LARGEST].tolist())
    others = np.delete(products, largest)
    return Sum(
        component,
        largest,
        x[largest],
        w[largest],
        products[largest],
        float(others.sum()),
        len(others),
        float(matrix_.bias[component]),
        float(trace.queries(head.layer)[head.head, at, component]),
    )
