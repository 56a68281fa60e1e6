"""Variants: one sentence under many interventions, as few forward passes of a batch.

For a sweep over all heads, or over all tokens, where only the residual stream is wanted.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnviz.capture.reading import Reading, masked
from attnviz.core.intervene import HeadOff, Intervention
from attnviz.models import hooks
from attnviz.models.load import Model

LARGEST_BATCH = 2_048  # tokens of one pass, all variants together


class Edits:
    """What the variants of one batch do to z, layer by layer."""

    def __init__(self, variants: Sequence[Sequence[Intervention]], model: Model) -> None:
        self._layer_of = model.layer_of
        self._off: dict[int, list[tuple[int, int]]] = {}  # layer → variant and head
        for variant, interventions in enumerate(variants):
            for one in interventions:
                if isinstance(one, HeadOff):
                    self._off.setdefault(one.layer, []).append((variant, one.head))

    def of(self, module: nn.Module, z: Tensor) -> Tensor:
        """Z as it shall go on, "variant token head d_head"; z itself where nothing changes."""
        off = self._off.get(self._layer_of[module])
        if off is None:
            return z
        variants, heads = zip(*off, strict=True)
        changed = z.clone()
        changed[list(variants), :, list(heads)] = 0
        return changed

    def heads_off(self, layer: int) -> list[int]:
        """The heads of a layer that write nothing, in any variant."""
        return [head for _, head in self._off.get(layer, ())]


def inputs(readings: Sequence[Reading], model: Model) -> dict[str, Tensor]:
    """What the model is called with: a batch of readings of equal length."""
    ids = torch.tensor([reading.ids for reading in readings])
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if model.segments:
        given["token_type_ids"] = torch.tensor([reading.types for reading in readings])
    return given


def residuals(
    reading: Reading, model: Model, variants: Sequence[Sequence[Intervention]]
) -> Float[np.ndarray, "variant depth token d_model"]:
    """X, then r after each layer, of each variant of a sentence.

    Raises:
        InterventionError: if the model has no such head, token or mask token.
    """
    at_once = max(1, LARGEST_BATCH // len(reading.tokens))
    parts = [
        _batch(reading, model, variants[start : start + at_once])
        for start in range(0, len(variants), at_once)
    ]
    return np.concatenate(parts)


def _batch(
    reading: Reading, model: Model, variants: Sequence[Sequence[Intervention]]
) -> np.ndarray:
    stream = _Stream(Edits(variants, model))
    read = [masked(reading, interventions, model) for interventions in variants]
    with torch.inference_mode(), hooks.recording(stream):
        model.module(**inputs(read, model))
    return np.stack(stream.depths, axis=1)


class _Stream:
    """Keeps the residual stream alone, and answers `hooks.Recorder`."""

    def __init__(self, edits: Edits) -> None:
        self.depths: list[np.ndarray] = []
        self._edits = edits

    def attention_called(self, *_: object) -> None:
        pass

    def heads_answered(self, module: nn.Module, z: Tensor) -> Tensor:
        return self._edits.of(module, z)

    def layer_entered(self, layer: int, hidden: Tensor) -> None:
        if layer == 0:
            self.depths.append(hidden.numpy())

    def heads_concatenated(self, layer: int, concat: Tensor) -> None:
        pass

    def attention_added(self, layer: int, hidden: Tensor) -> None:
        pass

    def layer_left(self, layer: int, hidden: Tensor) -> None:
        del layer
        self.depths.append(hidden.numpy())
