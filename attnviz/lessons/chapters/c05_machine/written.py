"""Numbers of the figure written out: the largest terms, the others together, and their sum."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from attnviz.core.card import Projected
from attnviz.core.heads import HeadId
from attnviz.digits import equals, printed
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures.elements.thumbnail import Place
from attnviz.texts import fill

text_of = texts_of(__name__)

Says = Callable[[Place], str]

DECIMALS, LISTED = 3, 3  # digits of a number, and how many terms are listed
NEAR = 1e-3  # how far a sum may be from the number that it makes, by rounding in float32


@dataclass(frozen=True, slots=True)
class Sum:
    """A number and what it is the sum of."""

    symbol: str
    terms: Float[np.ndarray, " term"]
    total: float
    bias: float | None = None

    @property
    def adds_up(self) -> bool:
        """Whether the terms make the number, so that it is computed so in this model."""
        total = float(self.terms.sum()) + (self.bias or 0.0)
        return abs(total - self.total) <= NEAR * max(1.0, abs(self.total))

    @property
    def _order(self) -> np.ndarray:
        order: np.ndarray = np.argsort(-np.abs(self.terms), kind="stable")
        return order

    @property
    def listed(self) -> list[str]:
        """The terms that are furthest from 0."""
        return [printed(float(self.terms[at]), DECIMALS) for at in self._order[:LISTED]]

    @property
    def left_out(self) -> int:
        """How many terms are not listed."""
        return max(0, len(self.terms) - LISTED)

    @property
    def rest(self) -> float:
        """The sum of those."""
        return float(self.terms[self._order[LISTED:]].sum())


def says_projected(
    scene: Scene, head: HeadId, kind: Projected, drawn: Float[np.ndarray, "token d_head"]
) -> Says:
    """How a number of Q, K or V comes from x and a column of the head's matrix."""
    trace = scene.trace
    x, learned = trace.residual(head.layer), trace.input_projection(head, kind)
    symbol = {"query": "q", "key": "k", "value": "v"}[kind]

    def found(place: Place) -> Sum:
        row, column = place
        terms = x[row].astype(float) * learned.weight[:, column]
        return Sum(symbol, terms, float(drawn[place]), float(learned.bias[column]))

    return _says(scene, "of_head", found, head)


def says_blended(scene: Scene, head: HeadId, drawn: Float[np.ndarray, "query d_value"]) -> Says:
    """How a number of a head's Z comes from its attention weights and a column of V."""
    record = scene.trace.record(head.layer)
    weights, values = scene.trace.weights(head), record.shared(record.values, head.head)

    def found(place: Place) -> Sum:
        row, column = place
        return Sum("z", weights[row].astype(float) * values[:, column], float(drawn[place]))

    return _says(scene, "of_head", found, head)


def says_joined(scene: Scene, layer: int, drawn: Float[np.ndarray, "query d_model"]) -> Says:
    """How a number of the layer's output comes from what each head writes."""
    trace = scene.trace
    bias = trace.learned[layer].output.bias
    heads = range(trace.record(layer).heads)
    written = np.stack([trace.contribution(HeadId(layer, head)) for head in heads])

    def found(place: Place) -> Sum:
        terms = written[:, place[0], place[1]].astype(float)
        return Sum("Z", terms, float(drawn[place]), float(bias[place[1]]))

    return _says(scene, "of_all", found, None)


def _says(scene: Scene, how: str, found: Callable[[Place], Sum], head: HeadId | None) -> Says:
    """The sum at a place in words and digits; nothing where the model computes it otherwise."""
    language = scene.language
    template, others, bias = (text_of(f"figure.{key}")[language] for key in (how, "others", "bias"))

    @cache
    def says(place: Place) -> str:
        summed = found(place)
        if not summed.adds_up:
            return ""
        parts = summed.listed
        written, summands = parts[0] + "".join(map(_signed, parts[1:])), [*parts]
        if summed.left_out:
            remainder = printed(summed.rest, DECIMALS)
            summands.append(remainder)
            written += fill(others, {"others": _signed(remainder), "count": summed.left_out})
        if summed.bias is not None:
            added = printed(summed.bias, DECIMALS)
            summands.append(added)
            written += fill(bias, {"bias": _signed(added)})
        total = printed(summed.total, DECIMALS)
        token = scene.trace.tokens[place[0]].name
        values = {"symbol": summed.symbol, "token": token, "component": place[1], "head": head}
        values |= {"sum": written, "equals": equals(summands, total), "total": total}
        return fill(template, values)

    return says


def _signed(part: str) -> str:
    return f" − {part[1:]}" if part.startswith("−") else f" + {part}"
