"""Hooks: where a running model shows its queries, keys, values and hidden states.

The attention function `attnviz` is torch's fast attention, plus one look: if a recorder
is active in this thread, it is handed what the function was handed. Which recorder is
active lives in a `ContextVar`, so one model, loaded once and never changed, serves many
threads that do not see one another.

The mask function is registered together with the attention function. With the first
alone, transformers would pass no mask, in silence.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from attnviz.models.masked import attended, mask
from attnviz.models.scoring import AttentionCall, Scoring, additive, scoring_of

NAME = "attnviz"


@runtime_checkable
class Streamed(Protocol):
    """What a capture of the residual stream offers to the running model."""

    def layer_entered(self, block: nn.Module, hidden: Tensor) -> None:
        """A layer was called with x (or the r of the layer below), "batch token d_model"."""

    def attention_added(self, module: nn.Module, hidden: Tensor) -> None:
        """The attention block returned z, "batch token d_model"."""

    def layer_left(self, block: nn.Module, hidden: Tensor) -> None:
        """A layer returned r, "batch token d_model"."""


@runtime_checkable
class Recorder(Streamed, Protocol):
    """What a capture offers to the running model."""

    def attention_called(self, module: nn.Module, call: AttentionCall) -> None:
        """The attention function was called."""

    def attention_answered(self, module: nn.Module, z: Tensor) -> None:
        """Attention gave z, "batch token head d_head", before anything is changed."""

    def changes_weights(self, module: nn.Module) -> bool:
        """Whether scores or weights are changed here: then both are computed, and asked for."""

    def scores_computed(self, module: nn.Module, scores: Tensor) -> Tensor:
        """Softmax is to be given scores, "batch head query key"; what shall go on?"""

    def weights_computed(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        """Softmax gave weights, "batch head query key", where `allowed`; what shall go on?"""

    def z_computed(self, module: nn.Module, z: Tensor) -> Tensor:
        """The attention function returns z, "batch token head d_head"; what shall go on?"""

    def heads_concatenated(self, output: nn.Module, concat: Tensor) -> None:
        """W_O was called with the heads' outputs side by side, "batch token head*d_head"."""


_recorder: ContextVar[Streamed | None] = ContextVar("attnviz_recorder", default=None)
_of_heads: ContextVar[Recorder | None] = ContextVar("attnviz_recorder_of_heads", default=None)


@contextmanager
def recording(recorder: Streamed) -> Iterator[None]:
    """Show every forward pass of this thread to `recorder`, until the block ends."""
    token = _recorder.set(recorder)
    heads = _of_heads.set(recorder if isinstance(recorder, Recorder) else None)
    try:
        yield
    finally:
        _of_heads.reset(heads)
        _recorder.reset(token)


def attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **extras: Any,
) -> tuple[Tensor, None]:
    """Torch's fast attention; the active recorder, if any, sees it and may change it.

    Soft caps and sinks have no fast path: there the family's own eager code computes.
    """
    recorder = _of_heads.get()
    scoring = scoring_of(module, query, attention_mask, scaling, extras)
    if recorder is not None:
        call = AttentionCall(query, key, value, attention_mask, extras, scoring)
        recorder.attention_called(module, call)
    if scoring is not None and scoring.eager is not None:
        options = {"dropout": dropout, "scaling": scoring.scaling, **extras}
        mask = scoring.allowed(query.shape[2], key.shape[2])
        summand = None if mask is None else additive(mask)
        z = scoring.eager(module, query, key, value, summand, **options)[0]
    else:
        options = {"dropout": dropout, "scaling": scaling, **extras}
        z = attended(module, query, key, value, attention_mask, **options)
    if recorder is None:
        return z, None
    recorder.attention_answered(module, z)
    if recorder.changes_weights(module) and scoring is not None:
        z = _step_by_step(recorder, scoring, module, query, key, value)
    return recorder.z_computed(module, z), None


def _step_by_step(
    recorder: Recorder,
    scoring: Scoring,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
) -> Tensor:
    """Attention without the fast path, which shows neither scores nor weights."""
    group = query.shape[1] // key.shape[1]  # heads that share keys and values
    key, values = (shared.repeat_interleave(group, dim=1).float() for shared in (key, value))
    scores = query.float() @ key.transpose(-1, -2) * scoring.scaling  # "batch head query key"
    if scoring.softcap is not None:
        scores = torch.tanh(scores / scoring.softcap) * scoring.softcap
    added, may = scoring.added(), scoring.allowed(*scores.shape[-2:])
    if added is not None:
        scores = scores + added
    if may is not None:
        scores = scores.masked_fill(~may, float("-inf"))
    scores = recorder.scores_computed(module, scores)
    weights = _softmax(scores, scoring.sinks)
    weights = recorder.weights_computed(module, weights, ~scores.isneginf())
    return (weights @ values).to(value.dtype).transpose(1, 2)  # "batch query head d_head"


def _softmax(scores: Tensor, sinks: Tensor | None) -> Tensor:
    """Shares over keys; what a sink takes is in no share."""
    if sinks is None:
        return scores.softmax(dim=-1)
    column = sinks.reshape(1, -1, 1, 1).expand(*scores.shape[:-1], 1)  # "batch head query 1"
    return torch.cat([scores, column], dim=-1).softmax(dim=-1)[..., :-1]


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, mask)


def watch_block(block: nn.Module) -> None:
    """Hook a layer, once, at load. The hooks do nothing while no recorder is active."""

    def entering(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if recorder := _recorder.get():
            recorder.layer_entered(module, args[0] if args else kwargs["hidden_states"])

    def leaving(module: nn.Module, _: tuple[Any, ...], output: Any) -> None:
        if recorder := _recorder.get():
            recorder.layer_left(module, first_tensor(output))

    block.register_forward_pre_hook(entering, with_kwargs=True)
    block.register_forward_hook(leaving)


def watch_output(output_projection: nn.Module) -> None:
    """Hook W_O, in the same way."""

    def projecting(module: nn.Module, args: tuple[Any, ...]) -> None:
        if recorder := _of_heads.get():
            recorder.heads_concatenated(module, args[0])

    output_projection.register_forward_pre_hook(projecting)


def watch_after_attention(after_attention: nn.Module) -> None:
    """Hook what gives the layer's z, in the same way."""

    def adding(module: nn.Module, _: tuple[Any, ...], output: Any) -> None:
        if recorder := _recorder.get():
            recorder.attention_added(module, first_tensor(output))

    after_attention.register_forward_hook(adding)


def first_tensor(output: Any) -> Any:
    """What a module returned first, a tensor as a rule: alone, or before other things."""
    return output if isinstance(output, torch.Tensor) else output[0]
