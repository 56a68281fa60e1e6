"""Edits: what is changed while a model runs, as its recorder asks for it."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from attnviz.core.attention import AttentionKey
from attnviz.core.intervention import EditPoint


@runtime_checkable
class Edits(Protocol):
    """What is changed in each attention, of tensors "variant head query …"."""

    def changes_weights(self, key: AttentionKey) -> bool:
        """Whether scores or weights are changed in a layer, of any head."""

    def heads(self, point: EditPoint, key: AttentionKey) -> set[int]:
        """The heads of a layer that are changed at a point."""

    def scores(self, key: AttentionKey, scores: Tensor) -> Tensor:
        """Scores as they shall go on."""

    def weights(self, key: AttentionKey, weights: Tensor, allowed: Tensor) -> Tensor:
        """Weights as they shall go on."""

    def z(self, key: AttentionKey, z: Tensor) -> Tensor:
        """Z as it shall go on, "variant query head d_head"."""


class NoEdits:
    """The pass as it is."""

    def changes_weights(self, key: AttentionKey) -> bool:
        """No."""
        del key
        return False

    def heads(self, point: EditPoint, key: AttentionKey) -> set[int]:
        """None."""
        del point, key
        return set()

    def scores(self, key: AttentionKey, scores: Tensor) -> Tensor:
        """The scores themselves."""
        del key
        return scores

    def weights(self, key: AttentionKey, weights: Tensor, allowed: Tensor) -> Tensor:
        """The weights themselves."""
        del key, allowed
        return weights

    def z(self, key: AttentionKey, z: Tensor) -> Tensor:
        """Z itself."""
        del key
        return z
