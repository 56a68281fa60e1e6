"""The recorder: keeps what one forward pass shows of each layer.

Queries, keys, values and hidden states grow with n·d. The n × n weights are never asked
of the model; `Trace` computes them from q and k for the head that somebody looks at.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.core.attention import AttentionKey, AttentionRecord
from attnviz.core.tiles import causal, check_size, compact
from attnviz.models.agreement import went_on
from attnviz.models.edits import Edits
from attnviz.models.places import Calls, Place, by_module
from attnviz.models.progress import Progress
from attnviz.models.scoring import AttentionCall, Scoring
from attnviz.models.streams import StreamRecorder, alone, array_of, in_memory, read_only

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
    _projected: set[AttentionKey] = field(init=False)  # whose z a W_O reads side by side
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
        self._projected = {place.key for place in places if place.output is not None}
        self._attention = Calls(by_module(places, "attention"))

    def attention_called(self, module: nn.Module, call: AttentionCall) -> None:
        """Keep what the attention function of a layer was given."""
        of = self._attention.next(module)
        query, key, value, scoring = call.query, call.key, call.value, call.scoring
        if of is None or scoring is None:
            raise self.not_understood()
        if scoring.eager is not None or self.edits.changes_weights(of):
            check_size(query.shape[1], query.shape[2], key.shape[2], error="capture_too_large")
        self._last = of
        if self.progress is not None:
            done = sum("queries" in shown for shown in self.seen.values())
            self.progress(done / len(self.seen), "run")
        queries, keys, values = alone((query, key, value))
        self.seen[of].update(
            queries=queries,
            keys=keys,
            values=values,
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
        if key not in self._projected:
            self.seen[key]["concat"] = in_memory(changed.flatten(start_dim=2))
        return changed

    def heads_concatenated(self, output: nn.Module, concat: Tensor) -> None:
        """Keep the input of W_O."""
        del output
        if self._last is not None:
            self.seen[self._last]["concat"] = in_memory(concat.reshape(1, -1, concat.shape[-1]))

    def attention(self) -> dict[AttentionKey, AttentionRecord]:
        """One record for each place.

        Raises:
            CaptureError: if a layer did not show everything, computes no finite numbers, or
                went on with another z.
        """
        records = self.records()
        for key, record in records.items():
            if not went_on(record, self.answers[key], self.dtype):
                raise self.not_understood()
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
                **{name: self._array(place.key, name) for name in _SHOWN}, learned=place.learned
            )
            for place in places
        }

    def _array(self, key: AttentionKey, name: str) -> Any:
        """What a layer showed, no longer torch's."""
        shown = self.seen[key][name]
        return array_of(shown) if isinstance(shown, Tensor) else shown

    def _has_shown(self, place: Place) -> bool:
        return self.seen[place.key].keys() >= _SHOWN and self.has_stream(place)
