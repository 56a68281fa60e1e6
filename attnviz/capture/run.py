"""Capture: one forward pass on the fast attention path, every head kept.

Queries, keys, values and hidden states grow with n·d. The n × n weights are never asked
of the model; `Trace` computes them from q and k for the head that somebody looks at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnviz import checks
from attnviz.capture.interventions import Change, changed_reading, example
from attnviz.capture.reading import Reading, read
from attnviz.capture.variants import Edits, inputs
from attnviz.core.intervention import Intervention
from attnviz.core.trace import LayerRecord, Trace
from attnviz.core.weights import attention_scores, softmax
from attnviz.errors import CaptureError
from attnviz.models import hooks
from attnviz.models.catalogue import EMBEDDED
from attnviz.models.load import Model, load

_ROUNDING = 1e-5  # of the largest value, what sums in another order may differ by
# Arguments with which a family changes the scores in ways that `weights.py` does not.
_CHANGES_SCORES = ("position_bias", "softcap", "s_aux", "sliding_window")


def trace(
    text: str,
    model: Model | str | PathLike[str] | None = None,
    pair: str | None = None,
    interventions: Sequence[Intervention] = (),
) -> Trace:
    """Run `text` (and `pair`, a second sentence) through a model and keep every head.

    `model` is a loaded one, or what `attnviz.load` is given: a name or a folder.
    `interventions` change this one pass: what the model reads, or scores, weights or z of heads.

    Raises:
        ArgumentError: if an argument is of a kind that is not taken.
        InterventionError: if the model has no such head, token or mask token.
        TextError: if the text cannot be read as it is.
        ModelError: if `model` names one that cannot be loaded.
        CaptureError: if the model's attention was not seen in full.

    Example:
        >>> trace("The cat sat on the mat").weights((0, 2)).shape
        (8, 8)
    """
    checks.text("text", text)
    if pair is not None:
        checks.text("pair", pair)
    changes = _changes(interventions)
    if not isinstance(model, Model):
        model = load(EMBEDDED if model is None else model)
    reading = read(text, pair, model)
    seen = changed_reading(reading, changes, model)
    return Trace(
        model=model.card,
        text=text,
        pair=pair,
        tokens=seen.tokens,
        left_out=seen.left_out,
        layers=capture(reading, model, changes),
        learned=model.layer_weights,
        interventions=changes,
        unknown=seen.unknown,
        dropped=seen.dropped,
    )


def _changes(interventions: Sequence[Intervention]) -> tuple[Intervention, ...]:
    """Interventions, each of a kind that there is.

    Raises:
        ArgumentError: if one is not.
    """
    changes = checks.several("interventions", interventions, example())
    for change in changes:
        checks.kind("interventions", change, Change, example())
    return tuple(changes)


def capture(
    reading: Reading, model: Model, interventions: Sequence[Intervention] = ()
) -> tuple[LayerRecord, ...]:
    """One forward pass, and what each layer showed.

    Raises:
        CaptureError: if the model's attention was not seen in full.
    """
    recorder = _Recorder(model, Edits([interventions], model))
    with torch.inference_mode(), hooks.recording(recorder):
        model.module(**inputs([changed_reading(reading, interventions, model)], model))
    return recorder.layers()


@dataclass(slots=True)
class _Recorder:
    """Keeps what one forward pass shows, and answers `hooks.Recorder`."""

    model: Model
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
        layer = self.model.layer_of.get(module)
        strange = [name for name in _CHANGES_SCORES if extras.get(name) is not None]
        if layer is None or strange or "queries" in self.seen[layer]:
            raise CaptureError("attention_not_understood", model=self.model.card)
        self.seen[layer].update(
            queries=_array(query),
            keys=_array(key),
            values=_array(value),
            scaling=query.shape[-1] ** -0.5 if scaling is None else scaling,
            mask=_added(mask),
        )

    def attention_answered(self, module: nn.Module, z: Tensor) -> None:
        self.answers[self.model.layer_of[module]] = [z]

    def changes_weights(self, module: nn.Module) -> bool:
        return self.edits.changes_weights(module)

    def scores_computed(self, module: nn.Module, scores: Tensor) -> Tensor:
        changed = self.edits.scores(module, scores)
        self._keep("scores", module, changed)
        return changed

    def weights_computed(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        changed = self.edits.weights(module, weights, allowed)
        self._keep("weights", module, changed)
        return changed

    def _keep(self, point: Literal["scores", "weights"], module: nn.Module, of: Tensor) -> None:
        """Keep the changed heads alone: a copy, for the others' share its memory."""
        heads = self.edits.heads(point, module)
        kept = {head: _array(of[:, head].clone()) for head in heads}
        self.seen[self.model.layer_of[module]][f"changed_{point}"] = kept

    def z_computed(self, module: nn.Module, z: Tensor) -> Tensor:
        changed = self.edits.z(module, z)
        self.answers[self.model.layer_of[module]] += [z, changed]
        return changed

    def layer_entered(self, layer: int, hidden: Tensor) -> None:
        self.seen[layer]["entered"] = _array(hidden)

    def heads_concatenated(self, layer: int, concat: Tensor) -> None:
        self.seen[layer]["concat"] = _array(concat)

    def attention_added(self, layer: int, hidden: Tensor) -> None:
        self.seen[layer]["after_attention"] = _array(hidden)

    def layer_left(self, layer: int, hidden: Tensor) -> None:
        self.seen[layer]["left"] = _array(hidden)

    def layers(self) -> tuple[LayerRecord, ...]:
        """One record a layer.

        Raises:
            CaptureError: if a layer did not show everything, or went on with another z.
        """
        wanted = set(LayerRecord.__dataclass_fields__)
        silent = [layer for layer, seen in enumerate(self.seen) if set(seen) != wanted]
        if silent:
            raise CaptureError(
                "layers_not_seen",
                model=self.model.card,
                seen=len(self.seen) - len(silent),
                layers=len(self.seen),
            )
        records = tuple(LayerRecord(**seen) for seen in self.seen)
        for layer, record in enumerate(records):
            self._check(layer, record)
        return records

    def _check(self, layer: int, record: LayerRecord) -> None:
        """Make sure that weights · v is the z that the model went on with, for a few queries.

        A mask, a bias or a scale that reached the attention function in a way that is not
        recorded shows here. Weights that an intervention left are held against the z that came
        of them; what it did to z itself, against what W_O was given.
        """
        card = self.model.card
        if not np.isfinite(record.left).all():
            raise CaptureError("not_numbers", model=card, layer=layer)
        rows = sorted({0, len(record.concat) // 2, len(record.concat) - 1})
        expected, error = head_outputs(record, rows)  # "head row d_head"
        went_on = record.concat[rows].reshape(len(rows), card.heads, -1).transpose(1, 0, 2)
        plain, attended, changed = (z[0, rows].transpose(0, 1).numpy() for z in self.answers[layer])
        used = expected.copy()
        for head in {*record.changed_scores, *record.changed_weights}:
            used[head] = record.weights(head)[rows] @ record.values[head]
        for found, z in ((plain, expected), (attended, used), (went_on, changed)):
            if found.shape != z.shape or not (np.abs(found - z) <= error).all():
                raise CaptureError("attention_not_understood", model=card)


def head_outputs(
    record: LayerRecord, rows: list[int]
) -> tuple[Float[np.ndarray, "head row d_head"], float]:
    """Z = weights · v of some queries from what was recorded, and how far rounding may move it."""
    queries = record.queries[:, rows].astype(np.float64)
    scores = attention_scores(queries, record.keys, record.scaling, None)  # "head row key"
    rounding = _ROUNDING + 4 * np.finfo(np.float32).eps * np.abs(scores).max()
    if record.mask is not None:
        scores += record.mask if len(record.mask) == 1 else record.mask[rows]
    z: np.ndarray = softmax(scores) @ record.values
    return z, float(rounding * np.abs(record.values).max())


def _array(tensor: Tensor) -> np.ndarray:
    """The first (only) sentence of a batch, shared and read only."""
    array: np.ndarray = tensor[0].numpy()
    array.flags.writeable = False
    return array


def _added(mask: Tensor | None) -> np.ndarray | None:
    """A mask as what is added to the scores."""
    return None if mask is None else _array(hooks.additive(mask)[0])
