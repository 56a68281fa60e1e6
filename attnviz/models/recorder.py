"""The recorder: keeps what one forward pass shows of each layer.

Queries, keys, values and hidden states grow with n·d. The n × n weights are never asked
of the model; `Trace` computes them from q and k for the head that somebody looks at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnviz.core.attention import AttentionKey, AttentionRecord, Stream
from attnviz.core.card import LayerWeights, ModelCard
from attnviz.core.intervention import EditPoint
from attnviz.errors import CaptureError

_ROUNDING = 1e-5  # of the largest value, what sums in another order may differ by
# Arguments with which a family changes the scores in ways that `core/attention.py` is not told.
_CHANGES_SCORES = ("position_bias", "softcap", "s_aux", "sliding_window")
_SHOWN = {  # by each layer
    *("queries", "keys", "values", "scaling", "allowed", "added"),
    *("changed_scores", "changed_weights"),
    *("concat", "entered", "after_attention", "left"),
}


@runtime_checkable
class Recorded(Protocol):
    """The model that runs: what its recorder asks of it."""

    @property
    def card(self) -> ModelCard:
        """Its sizes and what it is called."""

    @property
    def layer_of(self) -> dict[nn.Module, int]:
        """The layer of each attention module."""

    @property
    def layer_weights(self) -> tuple[LayerWeights, ...]:
        """What each layer has learned."""


@runtime_checkable
class Edits(Protocol):
    """What is changed while the model runs, of tensors "variant head query …"."""

    def changes_weights(self, module: nn.Module) -> bool:
        """Whether scores or weights are changed in a layer, of any head."""

    def heads(self, point: EditPoint, module: nn.Module) -> set[int]:
        """The heads of a layer that are changed at a point."""

    def scores(self, module: nn.Module, scores: Tensor) -> Tensor:
        """Scores as they shall go on."""

    def weights(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        """Weights as they shall go on."""

    def z(self, module: nn.Module, z: Tensor) -> Tensor:
        """Z as it shall go on, "variant query head d_head"."""


class NoEdits:
    """The pass as it is."""

    def changes_weights(self, module: nn.Module) -> bool:
        """No."""
        del module
        return False

    def heads(self, point: EditPoint, module: nn.Module) -> set[int]:
        """None."""
        del point, module
        return set()

    def scores(self, module: nn.Module, scores: Tensor) -> Tensor:
        """The scores themselves."""
        del module
        return scores

    def weights(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        """The weights themselves."""
        del module, allowed
        return weights

    def z(self, module: nn.Module, z: Tensor) -> Tensor:
        """Z itself."""
        del module
        return z


@dataclass(slots=True)
class Recorder:
    """Keeps what one forward pass shows, and answers `hooks.Recorder`."""

    model: Recorded
    edits: Edits
    seen: list[dict[str, Any]] = field(init=False)
    answers: list[list[Tensor]] = field(init=False)  # z of torch, with weights changed, with all

    def __post_init__(self) -> None:
        layers = range(self.model.card.layers)
        self.seen = [{"changed_scores": {}, "changed_weights": {}} for _ in layers]
        self.answers = [[] for _ in layers]

    def attention_called(
        self,
        module: nn.Module,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        scaling: float | None,
        extras: dict[str, Any],
    ) -> None:
        """Keep what the attention function of a layer was given."""
        layer = self.model.layer_of.get(module)
        strange = [name for name in _CHANGES_SCORES if extras.get(name) is not None]
        if layer is None or strange or "queries" in self.seen[layer]:
            raise CaptureError("attention_not_understood", model=self.model.card)
        allowed, added = _read_mask(mask)
        self.seen[layer].update(
            queries=_array(query),
            keys=_array(key),
            values=_array(value),
            scaling=query.shape[-1] ** -0.5 if scaling is None else scaling,
            allowed=allowed,
            added=added,
        )

    def attention_answered(self, module: nn.Module, z: Tensor) -> None:
        """Keep what torch's own attention gave."""
        self.answers[self.model.layer_of[module]] = [z]

    def changes_weights(self, module: nn.Module) -> bool:
        """Whether scores or weights are changed in this layer."""
        return self.edits.changes_weights(module)

    def scores_computed(self, module: nn.Module, scores: Tensor) -> Tensor:
        """Scores, as they shall go on."""
        changed = self.edits.scores(module, scores)
        self._keep("scores", module, changed)
        return changed

    def weights_computed(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        """Weights, as they shall go on."""
        changed = self.edits.weights(module, weights, allowed)
        self._keep("weights", module, changed)
        return changed

    def _keep(self, point: Literal["scores", "weights"], module: nn.Module, of: Tensor) -> None:
        """Keep the changed heads alone: a copy, for the others' share its memory."""
        heads = self.edits.heads(point, module)
        kept = {head: _array(of[:, head].clone()) for head in heads}
        self.seen[self.model.layer_of[module]][f"changed_{point}"] = kept

    def z_computed(self, module: nn.Module, z: Tensor) -> Tensor:
        """Z, as it shall go on."""
        changed = self.edits.z(module, z)
        self.answers[self.model.layer_of[module]] += [z, changed]
        return changed

    def layer_entered(self, layer: int, hidden: Tensor) -> None:
        """Keep x, or the r of the layer below."""
        self.seen[layer]["entered"] = _array(hidden)

    def heads_concatenated(self, layer: int, concat: Tensor) -> None:
        """Keep the input of W_O."""
        self.seen[layer]["concat"] = _array(concat)

    def attention_added(self, layer: int, hidden: Tensor) -> None:
        """Keep the layer's z."""
        self.seen[layer]["after_attention"] = _array(hidden)

    def layer_left(self, layer: int, hidden: Tensor) -> None:
        """Keep the layer's r."""
        self.seen[layer]["left"] = _array(hidden)

    def attention(self) -> dict[AttentionKey, AttentionRecord]:
        """One record a layer.

        Raises:
            CaptureError: if a layer did not show everything, computes no finite numbers, or
                went on with another z.
        """
        records = self.records()
        for layer, record in enumerate(records):
            self._check(layer, record)
        return {("self", layer): record for layer, record in enumerate(records)}

    def records(self) -> list[AttentionRecord]:
        """One record a layer, not held against what the model went on with.

        Raises:
            CaptureError: if a layer did not show everything, or computes no finite numbers.
        """
        silent = [layer for layer, seen in enumerate(self.seen) if set(seen) != _SHOWN]
        if silent:
            raise CaptureError(
                "layers_not_seen",
                model=self.model.card,
                seen=len(self.seen) - len(silent),
                layers=len(self.seen),
            )
        for layer, seen in enumerate(self.seen):
            if not np.isfinite(seen["left"]).all():
                raise CaptureError("not_numbers", model=self.model.card, layer=layer)
        return [
            AttentionRecord(
                queries=seen["queries"],
                keys=seen["keys"],
                values=seen["values"],
                scaling=seen["scaling"],
                allowed=seen["allowed"],
                added=seen["added"],
                changed_scores=seen["changed_scores"],
                changed_weights=seen["changed_weights"],
                learned=learned,
                concat=seen["concat"],
            )
            for seen, learned in zip(self.seen, self.model.layer_weights, strict=True)
        ]

    def stream(self) -> Stream:
        """The residual stream: each layer is entered by what left the one below.

        Raises:
            CaptureError: if one is not.
        """
        residual = [self.seen[0]["entered"], *(seen["left"] for seen in self.seen)]
        for below, seen in zip(residual, self.seen, strict=False):
            if not _same(seen["entered"], below):
                raise CaptureError("attention_not_understood", model=self.model.card)
        return Stream(tuple(residual), tuple(seen["after_attention"] for seen in self.seen))

    def _check(self, layer: int, record: AttentionRecord) -> None:
        """Make sure that weights · v is the z that the model went on with, for a few queries.

        A mask, a bias or a scale that reached the attention function in a way that is not
        recorded shows here. Weights that an intervention left are held against the z that came
        of them; what it did to z itself, against what W_O was given.
        """
        rows = sorted({0, len(record.concat) // 2, len(record.concat) - 1})
        few = replace(
            record,
            queries=record.queries[:, rows].astype(np.float64),
            allowed=_rows(record.allowed, rows),
            added=_rows(record.added, rows),
            changed_scores={},
            changed_weights={},
            concat=record.concat[rows],
        )
        expected, error = few.blend(), rounding(few)  # "head row d_head"
        plain, attended, changed = (z[0, rows].transpose(0, 1).numpy() for z in self.answers[layer])
        used = expected.copy()
        for head in {*record.changed_scores, *record.changed_weights}:
            used[head] = record.weights(head)[rows] @ record.shared(record.values, head)
        for found, z in ((plain, expected), (attended, used), (few.head_output, changed)):
            if found.shape != z.shape or not (np.abs(found - z) <= error).all():
                raise CaptureError("attention_not_understood", model=self.model.card)


def rounding(record: AttentionRecord) -> float:
    """How far z may move by rounding: the larger the scores, the coarser they are."""
    scores = record.scores(slice(None))
    largest = np.abs(scores[np.isfinite(scores)]).max(initial=0)
    share = _ROUNDING + 4 * np.finfo(np.float32).eps * largest
    return float(share * np.abs(record.values).max())


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are the same memory, or hold the same numbers."""
    return one.__array_interface__ == other.__array_interface__ or np.array_equal(one, other)


def _rows(array: np.ndarray | None, rows: Sequence[int]) -> np.ndarray | None:
    """Those of some queries, of an array "#head #query key"."""
    return array if array is None or array.shape[1] == 1 else array[:, rows]


def _array(tensor: Tensor) -> np.ndarray:
    """The first (only) sentence of a batch, shared and read only."""
    array: np.ndarray = tensor[0].numpy()
    array.flags.writeable = False
    return array


def _read_mask(
    mask: Tensor | None,
) -> tuple[
    Bool[np.ndarray, "#head #query #key"] | None, Float[np.ndarray, "#head #query #key"] | None
]:
    """Where a query may look, and what is added to the scores there: None where nothing is.

    transformers forbids a pair with False, or by adding −∞ or the least number that there is.
    """
    if mask is None:
        return None, None
    if mask.dtype == torch.bool:
        return (None if mask.all() else _array(mask)), None
    may = mask > torch.finfo(mask.dtype).min
    added = mask.masked_fill(~may, 0)
    return (None if may.all() else _array(may)), (_array(added) if added.any() else None)
