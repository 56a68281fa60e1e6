"""Interventions: what is changed while a model runs, as small frozen values.

What all kinds have in common, without torch, so that a trace can hold them. Each kind is one
file of `capture/interventions/`, which says how the pass is changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from attnviz.core.heads import HeadId
from attnviz.texts import Language, say

EditPoint = Literal["input", "scores", "weights", "z"]  # in the order of the pass


@dataclass(frozen=True, slots=True)
class Intervention:
    """One change in one forward pass; its fields are whole numbers.

    The model, which many share, is never written to.
    """

    name: ClassVar[str]  # in links, and of its label in the texts
    point: ClassVar[EditPoint]  # what it changes
    example: ClassVar[str]  # Python that makes one

    @property
    def numbers(self) -> dict[str, int]:
        """Its fields by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def head_changed(self) -> HeadId | None:
        """The head inside which it acts."""
        return None

    @property
    def heads_off(self) -> tuple[HeadId, ...]:
        """The heads that write nothing because of it."""
        return ()

    @property
    def masked_token(self) -> int | None:
        """The position of the token that the model does not read because of it."""
        return None

    def label(self, language: Language) -> str:
        """What it does, as every picture of the changed pass says."""
        return say(f"intervention.{self.name}", language, **self.numbers)


def named(interventions: Iterable[Intervention], language: Language) -> str:
    """What interventions do, each with the Python that makes it."""
    labels = (
        say("file.change", language, label=i.label(language), python=i) for i in interventions
    )
    return say("file.changes_between", language).join(labels)


def heads_off(interventions: Iterable[Intervention], layer: int) -> frozenset[int]:
    """The heads of a layer that write nothing."""
    return frozenset(
        head.head for one in interventions for head in one.heads_off if head.layer == layer
    )


def heads_attending_otherwise(interventions: Iterable[Intervention]) -> tuple[HeadId, ...]:
    """The heads whose weights are not the softmax of their q·k alone."""
    changed = {i.head_changed for i in interventions if i.point in ("scores", "weights")}
    return tuple(sorted(head for head in changed if head is not None))


def masked_tokens(interventions: Iterable[Intervention]) -> frozenset[int]:
    """The positions of the tokens that the model does not read."""
    return frozenset(one.masked_token for one in interventions if one.masked_token is not None)
