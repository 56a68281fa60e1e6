"""Head off: a head writes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from attnviz.capture.interventions import HeadChange
from attnviz.core.heads import AnyHead, HeadId, as_head
from attnviz.core.intervention import EditPoint, Intervention
from attnviz.errors import InterventionError


@dataclass(frozen=True, slots=True)
class HeadOff(HeadChange):
    """A head writes nothing: its z is 0 for every token, as if its slice of W_O were 0.

    Michel et al. 2019, "Are Sixteen Heads Really Better than One?", §2.3.
    """

    name: ClassVar[str] = "head_off"
    point: ClassVar[EditPoint] = "z"
    example: ClassVar[str] = "HeadOff(0, 2)"

    @property
    def heads_off(self) -> tuple[HeadId, ...]:
        """This head."""
        return (self.head_changed,)

    def change_z(self, z: Float[Tensor, "query d_head"]) -> None:
        """Nothing is written."""
        z.zero_()


INTERVENTION = HeadOff


def heads_off(heads: Iterable[AnyHead]) -> list[Intervention]:
    """What switches these heads off.

    Raises:
        InterventionError: if they are of an encoder–decoder.
    """
    named = [as_head(head) for head in heads]
    if any(head.kind != "self" for head in named):
        raise InterventionError("heads_not_changed")
    return [HeadOff(head.layer, head.head) for head in named]
