"""Interventions: what is changed while the model runs, as small frozen values.

They act inside one forward pass, through the recorder of that pass alone. The model, which
many share, is never written to.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from attnviz import checks
from attnviz.core.heads import as_head


@dataclass(frozen=True, slots=True)
class HeadOff:
    """A head writes nothing: its z is 0 for every token, as if its slice of W_O were 0.

    Michel et al. 2019, "Are Sixteen Heads Really Better than One?", §2.3.
    """

    layer: int
    head: int

    def __post_init__(self) -> None:
        head = as_head((self.layer, self.head))  # Python's own numbers: they stand in recipes
        object.__setattr__(self, "layer", head.layer)
        object.__setattr__(self, "head", head.head)


@dataclass(frozen=True, slots=True)
class TokenMasked:
    """The model reads its mask token in the place of a token."""

    position: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", checks.whole("position", self.position))


Intervention = HeadOff | TokenMasked


def heads_off(interventions: Iterable[Intervention], layer: int) -> frozenset[int]:
    """The heads of a layer that are switched off."""
    return frozenset(
        one.head for one in interventions if isinstance(one, HeadOff) and one.layer == layer
    )
