"""Weights uniform: a head attends evenly."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor

from attnviz.capture.interventions import HeadChange
from attnviz.core.intervention import EditPoint


@dataclass(frozen=True, slots=True)
class WeightsUniform(HeadChange):
    """A head attends evenly: each query gives every key that it may look at the same weight.

    What the head says of where to look is gone, and what it reads there (v) stays.
    """

    name: ClassVar[str] = "weights_uniform"
    point: ClassVar[EditPoint] = "weights"
    example: ClassVar[str] = "WeightsUniform(0, 2)"

    def change_weights(
        self, weights: Float[Tensor, "query key"], allowed: Bool[Tensor, "query key"]
    ) -> None:
        """One divided by how many keys are allowed, and 0 where none is."""
        weights.copy_(allowed / allowed.sum(dim=-1, keepdim=True))


INTERVENTION = WeightsUniform
