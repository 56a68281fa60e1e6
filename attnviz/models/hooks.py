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
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "attnviz"


@runtime_checkable
class Recorder(Protocol):
    """What a capture offers to the running model."""

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
        """The attention function was called, with tensors "batch head token d_head"."""

    def attention_answered(self, module: nn.Module, z: Tensor) -> None:
        """Torch's attention gave z, "batch token head d_head", before anything is changed."""

    def changes_weights(self, module: nn.Module) -> bool:
        """Whether scores or weights are changed here: then both are computed, and asked for."""

    def scores_computed(self, module: nn.Module, scores: Tensor) -> Tensor:
        """Softmax is to be given scores, "batch head query key"; what shall go on?"""

    def weights_computed(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        """Softmax gave weights, "batch head query key", where `allowed`; what shall go on?"""

    def z_computed(self, module: nn.Module, z: Tensor) -> Tensor:
        """The attention function returns z, "batch token head d_head"; what shall go on?"""

    def layer_entered(self, layer: int, hidden: Tensor) -> None:
        """A layer was called with x (or the r of the layer below), "batch token d_model"."""

    def heads_concatenated(self, layer: int, concat: Tensor) -> None:
        """W_O was called with the heads' outputs side by side, "batch token head*d_head"."""

    def attention_added(self, layer: int, hidden: Tensor) -> None:
        """The attention block returned z, "batch token d_model"."""

    def layer_left(self, layer: int, hidden: Tensor) -> None:
        """A layer returned r, "batch token d_model"."""


_recorder: ContextVar[Recorder | None] = ContextVar("attnviz_recorder", default=None)


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Show every forward pass of this thread to `recorder`, until the block ends."""
    token = _recorder.set(recorder)
    try:
        yield
    finally:
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
    """Torch's fast attention; the active recorder, if any, sees it and may change it."""
    recorder = _recorder.get()
    if recorder is not None:
        recorder.attention_called(module, query, key, value, attention_mask, scaling, extras)
    z, _ = sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **extras
    )
    if recorder is None:
        return z, None
    recorder.attention_answered(module, z)
    if recorder.changes_weights(module):
        z = _step_by_step(recorder, module, query, key, value, attention_mask, scaling)
    return recorder.z_computed(module, z), None


def _step_by_step(
    recorder: Recorder,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    scaling: float | None,
) -> Tensor:
    """Attention without the fast path, which shows neither scores nor weights."""
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = query @ key.transpose(-1, -2) * scaling  # "batch head query key"
    if mask is not None:
        scores = scores + additive(mask)
    scores = recorder.scores_computed(module, scores)
    weights = recorder.weights_computed(module, scores.softmax(dim=-1), ~scores.isneginf())
    return (weights @ value).transpose(1, 2)  # "batch query head d_head"


def additive(mask: Tensor) -> Tensor:
    """A mask as what is added to the scores: 0 to look, −∞ not to."""
    if mask.dtype == torch.bool:
        return torch.zeros(mask.shape).masked_fill(~mask, float("-inf"))
    return mask


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, sdpa_mask)


def watch_layer(
    layer: int, block: nn.Module, output_projection: nn.Module, after_attention: nn.Module
) -> None:
    """Hook one layer, once, at load. The hooks do nothing while no recorder is active."""

    def entering(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if recorder := _recorder.get():
            recorder.layer_entered(layer, args[0] if args else kwargs["hidden_states"])

    def projecting(_: nn.Module, args: tuple[Any, ...]) -> None:
        if recorder := _recorder.get():
            recorder.heads_concatenated(layer, args[0])

    def adding(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        if recorder := _recorder.get():
            recorder.attention_added(layer, first_tensor(output))

    def leaving(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        if recorder := _recorder.get():
            recorder.layer_left(layer, first_tensor(output))

    block.register_forward_pre_hook(entering, with_kwargs=True)
    output_projection.register_forward_pre_hook(projecting)
    after_attention.register_forward_hook(adding)
    block.register_forward_hook(leaving)


def first_tensor(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """What a module returned, alone or before other things."""
    return output if isinstance(output, torch.Tensor) else output[0]
