"""Variants: one sentence under many interventions, as few forward passes of a batch.

For a sweep over all heads, or over all tokens, where only the residual stream is wanted.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnviz.capture.interventions import HeadChange, changed_reading
from attnviz.capture.reading import Reading
from attnviz.core.attention import AttentionKey
from attnviz.core.card import lacking
from attnviz.core.intervention import EditPoint, Intervention
from attnviz.models import hooks, precision
from attnviz.models.load import Model
from attnviz.models.places import Calls, by_module

LARGEST_BATCH = 2_048  # tokens of one pass, all variants together


class Edits:
    """What the variants of one batch change inside heads, point by point and layer by layer."""

    def __init__(self, variants: Sequence[Sequence[Intervention]]) -> None:
        self._changes: dict[tuple[EditPoint, AttentionKey], list[tuple[int, HeadChange]]] = {}
        for variant, interventions in enumerate(variants):
            for change in interventions:
                if isinstance(change, HeadChange):
                    at = self._changes.setdefault((change.point, ("self", change.layer)), [])
                    at.append((variant, change))

    def changes_weights(self, key: AttentionKey) -> bool:
        """Whether scores or weights are changed in a layer, of any head."""
        return bool(self._at("scores", key) or self._at("weights", key))

    def heads(self, point: EditPoint, key: AttentionKey) -> set[int]:
        """The heads of a layer that are changed at a point, in any variant."""
        return {change.head for _, change in self._at(point, key)}

    def scores(
        self, key: AttentionKey, scores: Float[Tensor, "variant head query key"]
    ) -> Float[Tensor, "variant head query key"]:
        """Scores as they shall go on; the same ones where nothing changes."""
        changed, changes = self._to_change("scores", key, scores)
        for variant, change in changes:
            change.change_scores(changed[variant, change.head])
        return changed

    def weights(
        self,
        key: AttentionKey,
        weights: Float[Tensor, "variant head query key"],
        allowed: Bool[Tensor, "variant head query key"],
    ) -> Float[Tensor, "variant head query key"]:
        """Weights as they shall go on; the same ones where nothing changes."""
        changed, changes = self._to_change("weights", key, weights)
        for variant, change in changes:
            head = change.head
            change.change_weights(changed[variant, head], allowed[variant, head])
        return changed

    def z(
        self, key: AttentionKey, z: Float[Tensor, "variant query head d_head"]
    ) -> Float[Tensor, "variant query head d_head"]:
        """Z as it shall go on; the same one where nothing changes."""
        changed, changes = self._to_change("z", key, z)
        for variant, change in changes:
            change.change_z(changed[variant, :, change.head])
        return changed

    def _to_change(
        self, point: EditPoint, key: AttentionKey, values: Tensor
    ) -> tuple[Tensor, list[tuple[int, HeadChange]]]:
        """A copy of what is changed at a point, or itself where nothing is, and the changes."""
        changes = self._at(point, key)
        return values.clone() if changes else values, changes

    def _at(self, point: EditPoint, key: AttentionKey) -> list[tuple[int, HeadChange]]:
        """Variants with what each changes at a point of a layer."""
        return self._changes.get((point, key), [])


def inputs(
    readings: Sequence[Reading], model: Model, target: Reading | None = None
) -> dict[str, Tensor]:
    """What the model is called with: a batch of readings of equal length, and a target's."""
    place = precision.of_module(model.module)
    ids = torch.tensor([reading.ids for reading in readings], device=place)
    arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if model.segments:
        types = [reading.types for reading in readings]
        arguments["token_type_ids"] = torch.tensor(types, device=place)
    if target is not None:
        arguments["decoder_input_ids"] = torch.tensor([target.ids], device=place)
    return arguments


def residuals(
    reading: Reading, model: Model, variants: Sequence[Sequence[Intervention]]
) -> Float[np.ndarray, "variant depth token d_model"]:
    """X, then r after each layer, of each variant of a sentence.

    Raises:
        CaptureError: if the model has no such stream.
        InterventionError: if the model has no such head, token or mask token.
    """
    if model.target is not None or "streams" not in model.capabilities:
        raise lacking("streams")
    at_once = max(1, LARGEST_BATCH // len(reading.tokens))
    parts = [
        _batch(reading, model, variants[start : start + at_once])
        for start in range(0, len(variants), at_once)
    ]
    return np.concatenate(parts)


def _batch(
    reading: Reading, model: Model, variants: Sequence[Sequence[Intervention]]
) -> np.ndarray:
    stream = _Stream(Edits(variants), model)
    read = [changed_reading(reading, interventions, model) for interventions in variants]
    with precision.inference(model.module), hooks.recording(stream):
        model.module(**inputs(read, model))
    return np.stack(stream.depths, axis=1)


class _Stream:
    """Keeps the residual stream alone, and answers `hooks.Recorder`."""

    def __init__(self, edits: Edits, model: Model) -> None:
        self.depths: list[np.ndarray] = []
        self._edits = edits
        self._calls = Calls(by_module(model.places, "attention"))

    def attention_called(self, module: nn.Module, *_: object) -> None:
        self._calls.next(module)

    def attention_answered(self, module: nn.Module, z: Tensor) -> None:
        pass

    def changes_weights(self, module: nn.Module) -> bool:
        return self._edits.changes_weights(self._calls.now(module))

    def scores_computed(self, module: nn.Module, scores: Tensor) -> Tensor:
        return self._edits.scores(self._calls.now(module), scores)

    def weights_computed(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        return self._edits.weights(self._calls.now(module), weights, allowed)

    def z_computed(self, module: nn.Module, z: Tensor) -> Tensor:
        return self._edits.z(self._calls.now(module), z)

    def layer_entered(self, block: nn.Module, hidden: Tensor) -> None:
        del block
        if not self.depths:
            self.depths.append(hidden.float().cpu().numpy())

    def heads_concatenated(self, output: nn.Module, concat: Tensor) -> None:
        pass

    def attention_added(self, module: nn.Module, hidden: Tensor) -> None:
        pass

    def layer_left(self, block: nn.Module, hidden: Tensor) -> None:
        del block
        self.depths.append(hidden.float().cpu().numpy())
