"""A partial trace: queries and keys are kept, the rest is computed again when it is asked for.

Weights need q and k alone. The other arrays of a layer are seven tenths of a trace, and only
lessons and the file of the whole trace ask for them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Float

from attnviz.core.trace import LayerRecord, Trace
from attnviz.core.weights import Scored

Again = Callable[[], Trace]  # the whole trace


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

    def weights(self, head: tuple[int, int]) -> Float[np.ndarray, "query key"]:
        """The attention weights of one head. Rows sum to 1."""
        layer, index = self.check_head(head)
        return self.scored[layer].weights(index)

    def layer_weights(self, layer: int) -> Float[np.ndarray, "head query key"]:
        """The attention weights of every head of a layer."""
        return self.scored[self.check_layer(layer)].layer_weights()


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
            Scored(**{part.name: getattr(layer, part.name) for part in fields(Scored)})
            for layer in trace.layers
        ),
    )
