"""Interventions: what is changed while the model runs, as small frozen values.

They act inside one forward pass, through the recorder of that pass alone. The model, which
many share, is never written to.
"""

from dataclasses import dataclass

from attnviz.tracing.head import HeadId


@dataclass(frozen=True, slots=True)
class HeadOff:
    """A head writes nothing: its z is 0 for every token, as if its slice of W_O were 0.

    Michel et al. 2019, "Are Sixteen Heads Really Better than One?", §2.3.
    """

    layer: int
    head: int

    def __str__(self) -> str:
        return f"{HeadId(self.layer, self.head)} off"


@dataclass(frozen=True, slots=True)
class TokenMasked:
    """The model reads its mask token in the place of a token."""

    position: int

    def __str__(self) -> str:
        return f"token {self.position} masked"


Intervention = HeadOff | TokenMasked
