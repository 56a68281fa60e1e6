"""A partial trace: queries and keys are kept, the rest is computed again when it is asked for.

Weights need q and k alone. The other arrays of a layer are seven tenths of a trace, and only
lessons and the file of the whole trace ask for them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from attnviz.core.trace import LayerRecord, Trace
from attnviz.core.weights import attention_scores, softmax

Again = Callable[[], Trace]  # the whole trace


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What the weights of one layer are computed from."""

    queries: Float[np.ndarray, "head token d_head"]
    keys: Float[np.ndarray, "head token d_head"]
    scaling: float
    mask: Float[np.ndarray, "#query #key"] | None  # added to the scores

    def scores(self, head: int | slice) -> Float[np.ndarray, "*head query key"]:
        """Scaled dot products, mask added."""
        return attention_scores(self.queries[head], self.keys[head], self.scaling, self.mask)


class _Layers(tuple[Any, ...]):
    """The layers' records, of the whole trace. Holds none itself: `ModelCard` counts them."""

    again: Again

    def __getitem__(self, index: Any) -> Any:
        return self.again().layers[index]

    def __iter__(self) -> Iterator[LayerRecord]:
        return iter(self.again().layers)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PartialTrace(Trace):
    """A trace whose weights are at hand, and whose other arrays are computed again."""

    scored: tuple[Scored, ...]

    def queries(self, layer: int) -> Float[np.ndarray, "head token d_head"]:
        """The queries q of every head of a layer."""
        return self.scored[self.check_layer(layer)].queries

    def keys(self, layer: int) -> Float[np.ndarray, "head token d_head"]:
        """The keys k of every head of a layer."""
        return self.scored[self.check_layer(layer)].keys

    def scores(self, head: tuple[int, int]) -> Float[np.ndarray, "query key"]:
        """What softmax is given, for one head: scaled dot products, mask added."""
        layer, index = self.check_head(head)
        return self.scored[layer].scores(index)

    def layer_weights(self, layer: int) -> Float[np.ndarray, "head query key"]:
        """The attention weights of every head of a layer."""
        return softmax(self.scored[self.check_layer(layer)].scores(slice(None)))


def partial(trace: Trace, again: Again) -> PartialTrace:
    """What weights need of a trace; `again` brings the whole one when more is asked for."""
    layers = _Layers()
    layers.again = again
    return PartialTrace(
        model=trace.model,
        text=trace.text,
        pair=trace.pair,
        tokens=trace.tokens,
        left_out=trace.left_out,
        layers=layers,
        learned=trace.learned,
        interventions=trace.interventions,
        unknown=trace.unknown,
        dropped=trace.dropped,
        scored=tuple(
            Scored(layer.queries, layer.keys, layer.scaling, layer.mask) for layer in trace.layers
        ),
    )
