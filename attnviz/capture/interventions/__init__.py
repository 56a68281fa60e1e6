"""Interventions: how each kind changes a pass, at one of four points.

    input     the tokens that the model reads
    scores    of a head, before softmax
    weights   of a head, after softmax
    z         of a head, before W_O

One file a kind, each with an `INTERVENTION`; found by discovery, so a new kind is one new file,
its label in the texts, and its public name. The contract: a frozen value of whole numbers, which
changes the output, and is written into recipes and links and read back.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from jaxtyping import Bool, Float
from torch import Tensor

from attnviz.capture.reading import Reading
from attnviz.core.heads import HeadId, as_head
from attnviz.core.intervention import Intervention
from attnviz.errors import InterventionError
from attnviz.models.load import Model


@dataclass(frozen=True, slots=True)
class Change(Intervention, ABC):
    """An intervention that can be made."""

    @abstractmethod
    def check(self, model: Model, tokens: int) -> None:
        """Make sure that the model, and a text of so many tokens, can be changed so.

        Raises:
            InterventionError: if not.
        """


@dataclass(frozen=True, slots=True)
class InputChange(Change):
    """A change of what the model reads."""

    @abstractmethod
    def changed(self, reading: Reading, model: Model) -> Reading:
        """What the model reads instead."""


@dataclass(frozen=True, slots=True)
class HeadChange(Change):
    """A change inside one head, in place, at the point that its kind states."""

    layer: int
    head: int

    def __post_init__(self) -> None:
        layer, head = as_head((self.layer, self.head))[:2]
        object.__setattr__(self, "layer", layer)  # Python's own numbers: they stand in recipes
        object.__setattr__(self, "head", head)

    @property
    def head_changed(self) -> HeadId:
        """This head."""
        return HeadId(self.layer, self.head)

    def check(self, model: Model, tokens: int) -> None:  # noqa: ARG002
        """Make sure that the model has the head.

        Raises:
            InterventionError: if not.
        """
        if model.is_watched or model.target is not None:
            raise InterventionError("heads_not_changed")
        layers, heads = model.card.layers, model.card.heads
        if not (0 <= self.layer < layers and 0 <= self.head < heads):
            name = str(HeadId(self.layer, self.head))
            raise InterventionError("no_such_head", head=name, layers=layers, heads=heads)

    def change_scores(self, scores: Float[Tensor, "query key"]) -> None:
        """Change the scores, scaled and masked: −∞ where a query may not look."""

    def change_weights(
        self, weights: Float[Tensor, "query key"], allowed: Bool[Tensor, "query key"]
    ) -> None:
        """Change the weights; `allowed` is where a query may look."""

    def change_z(self, z: Float[Tensor, "query d_head"]) -> None:
        """Change the head's output."""


def check_token(position: int, tokens: int) -> None:
    """Make sure that a text of so many tokens has one at a position.

    Raises:
        InterventionError: if not.
    """
    if not 0 <= position < tokens:
        raise InterventionError("no_such_token", position=position, tokens=tokens)


def changed_reading(
    reading: Reading, interventions: Sequence[Intervention], model: Model
) -> Reading:
    """What the model reads once `interventions` have changed it.

    Raises:
        InterventionError: if the model has no such head, token or mask token.
    """
    for intervention in interventions:
        if isinstance(intervention, Change):
            intervention.check(model, len(reading.tokens))
        if isinstance(intervention, InputChange):
            reading = intervention.changed(reading, model)
    return reading


@cache
def interventions() -> dict[str, type[Change]]:
    """All kinds, by name."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return {module.INTERVENTION.name: module.INTERVENTION for module in modules}


def example() -> str:
    """Python that makes a list of one of each kind."""
    return f"[{', '.join(f'attnviz.{kind.example}' for kind in interventions().values())}]"
