"""The recorder: keeps what one forward pass shows of each layer.

Queries, keys, values and hidden states grow with n·d. The n × n weights are never asked
of the model; `Trace` computes them from q and k for the head that somebody looks at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.core.attention import AttentionKey, AttentionRecord
from attnviz.core.tiles import causal, check_size, compact
from attnviz.models import precision
from attnviz.models.edits import Edits
from attnviz.models.places import Calls, Place, by_module
from attnviz.models.progress import Progress
from attnviz.models.scoring import Scoring, scoring_of
from attnviz.models.streams import StreamRecorder, array_of, read_only

_SHOWN = {  # by each layer
    *("queries", "keys", "values", "scaling", "allowed", "added", "softcap", "sinks"),
    *("changed_scores", "changed_weights", "concat"),
}


@dataclass(slots=True)
class Recorder(StreamRecorder):
    """Keeps what one forward pass shows, and answers `hooks.Recorder`."""

    edits: Edits
    progress: Progress | None = field(default=None, kw_only=True)
    dtype: torch.dtype = field(init=False)
    seen: dict[AttentionKey, dict[str, Any]] = field(init=False)
    answers: dict[AttentionKey, list[Tensor]] = field(init=False)  # z of torch, changed, with all
    _attention: Calls[AttentionKey] = field(init=False)
    _shared: dict[object, tuple[object, dict[str, np.ndarray | None]]] = field(
        init=False, default_factory=dict
    )
    _last: AttentionKey | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        StreamRecorder.__post_init__(self)
        places = self.model.places
        self.dtype = getattr(torch, self.model.card.dtype)
        self.seen = {p.key: {"changed_scores": {}, "changed_weights": {}} for p in places}
        self.answers = {place.key: [] for place in places}
        self._attention = Calls(by_module(places, "attention"))

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
        of = self._attention.next(module)
        scoring = scoring_of(module, query, mask, scaling, extras)
        if of is None or scoring is None:
            raise self.not_understood()
        if scoring.eager is not None or self.edits.changes_weights(of):
            check_size(query.shape[1], query.shape[2], key.shape[2], error="capture_too_large")
        self._last = of
        if self.progress is not None:
            done = sum("queries" in shown for shown in self.seen.values())
            self.progress(done / len(self.seen), "run")
        self.seen[of].update(
            queries=array_of(query),
            keys=array_of(key),
            values=array_of(value),
            scaling=scoring.scaling,
            softcap=scoring.softcap,
            sinks=None if scoring.sinks is None else read_only(scoring.sinks),
            **self._acting(scoring, query.shape[2], key.shape[2]),
        )

    def _acting(self, scoring: Scoring, queries: int, keys: int) -> dict[str, np.ndarray | None]:
        """Mask and bias as arrays; layers that are handed the same one share it."""
        given = (scoring.mask, scoring.bias)
        name = (*map(id, given), scoring.is_causal, queries, keys)
        if name not in self._shared:
            if scoring.is_causal and scoring.bias is None:
                arrays = {"allowed": causal(queries, keys), "added": None}
            else:
                found = {"allowed": scoring.allowed(queries, keys), "added": scoring.added()}
                arrays = {n: None if t is None else compact(array_of(t)) for n, t in found.items()}
            self._shared[name] = (given, arrays)  # held, so that no other tensor gets its id
        return self._shared[name][1]

    def attention_answered(self, module: nn.Module, z: Tensor) -> None:
        """Keep what attention itself gave."""
        self.answers[self._attention.now(module)] = [z]

    def changes_weights(self, module: nn.Module) -> bool:
        """Whether scores or weights are changed in this layer."""
        return self.edits.changes_weights(self._attention.now(module))

    def scores_computed(self, module: nn.Module, scores: Tensor) -> Tensor:
        """Scores, as they shall go on."""
        key = self._attention.now(module)
        changed = self.edits.scores(key, scores)
        self._keep("scores", key, changed)
        return changed

    def weights_computed(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        """Weights, as they shall go on."""
        key = self._attention.now(module)
        changed = self.edits.weights(key, weights, allowed)
        self._keep("weights", key, changed)
        return changed

    def _keep(self, point: Literal["scores", "weights"], key: AttentionKey, of: Tensor) -> None:
        """Keep the changed heads alone: a copy, for the others' share its memory."""
        heads = self.edits.heads(point, key)
        kept = {head: array_of(of[:, head].clone()) for head in heads}
        self.seen[key][f"changed_{point}"] = kept

    def z_computed(self, module: nn.Module, z: Tensor) -> Tensor:
        """Z, as it shall go on; where no W_O reads it side by side, it is kept here."""
        key = self._attention.now(module)
        changed = self.edits.z(key, z)
        self.answers[key] += [z, changed]
        self.seen[key]["concat"] = array_of(changed.flatten(start_dim=2))
        return changed

    def heads_concatenated(self, output: nn.Module, concat: Tensor) -> None:
        """Keep the input of W_O."""
        del output
        if self._last is not None:
            self.seen[self._last]["concat"] = array_of(concat.reshape(1, -1, concat.shape[-1]))

    def attention(self) -> dict[AttentionKey, AttentionRecord]:
        """One record for each place.

        Raises:
            CaptureError: if a layer did not show everything, computes no finite numbers, or
                went on with another z.
        """
        records = self.records()
        for key, record in records.items():
            self._check(key, record)
        return records

    def records(self) -> dict[AttentionKey, AttentionRecord]:
        """One record for each place, not held against what the model went on with.

        Raises:
            CaptureError: if a layer did not show everything, or computes no finite numbers.
        """
        places = self.model.places
        self.check_shown(sum(not self._has_shown(place) for place in places))
        return {
            place.key: AttentionRecord(
                **{name: self.seen[place.key][name] for name in _SHOWN}, learned=place.learned
            )
            for place in places
        }

    def _has_shown(self, place: Place) -> bool:
        return self.seen[place.key].keys() >= _SHOWN and self.has_stream(place)

    def _check(self, key: AttentionKey, record: AttentionRecord) -> None:
        """Make sure that weights · v is the z that the model went on with, for a few queries.

        A mask, a bias or a scale that reached the attention function in a way that is not
        recorded shows here. Weights that an intervention left are held against the z that came
        of them; what it did to z itself, against what W_O was given.
        """
        rows = sorted({0, len(record.concat) // 2, len(record.concat) - 1})
        few = replace(
            record,
            queries=record.queries[:, rows],
            allowed=_rows(record.allowed, rows),
            added=_rows(record.added, rows),
            changed_scores={},
            changed_weights={},
            concat=record.concat[rows],
        )
        error = rounding(few, self.dtype)
        expected = replace(few, queries=few.queries.astype(float)).blend()  # "head row d_head"
        plain, attended, changed = (
            array_of(z[:, rows]).transpose(1, 0, 2) for z in self.answers[key]
        )
        used = expected.copy()
        for head in {*record.changed_scores, *record.changed_weights}:
            used[head] = record.weights(head)[rows] @ record.shared(record.values, head)
        for found, z in ((plain, expected), (attended, used), (few.head_output, changed)):
            if found.shape != z.shape or not (np.abs(found - z) <= error).all():
                raise self.not_understood()


def rounding(record: AttentionRecord, dtype: torch.dtype) -> float:
    """How far z may move by rounding, in the precision that the model runs in."""
    scores = record.scores(slice(None))
    largest = float(np.abs(scores[np.isfinite(scores)]).max(initial=0))
    in_own_code = record.softcap is not None or record.sinks is not None  # torch's is in float32
    coarse = precision.coarseness(dtype if in_own_code else torch.float32, largest)
    return (precision.tolerance(dtype) + coarse) * float(np.abs(record.values).max())


def _rows(array: np.ndarray | None, rows: Sequence[int]) -> np.ndarray | None:
    """Those of some queries, of an array "#head #query key"."""
    return array if array is None or array.shape[1] == 1 else array[:, rows]
