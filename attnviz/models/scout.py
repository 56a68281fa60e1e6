"""Scouting: one short pass through a model that nobody has yet, to see where it attends.

Everything that goes through transformers' attention function shows itself: the module that
calls it, W_O (the Linear or Conv1D whose input is the heads' z side by side), the layers (if
each is entered by what left the one below), W_Q, W_K and W_V (where their outputs are q, k and v
and their input is x), and Add & Norm (the LayerNorm whose input is x + W_O). What is not found
is not shown. The hooks of this pass are taken away after it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from attnviz.models import hooks, precision
from attnviz.models.scoring import AttentionCall, causal_flag

Inputs = Mapping[str, Tensor]


@dataclass(slots=True)
class Ran:
    """One call of a module: the first tensor of what it was given, and of what it returned."""

    module: nn.Module
    given: Tensor
    returned: Tensor | None = None


@dataclass(slots=True)
class Attended:
    """One call of the attention function, or one softmax over keys."""

    module: nn.Module
    queries: int
    keys: int
    heads: int
    d_head: int
    is_causal: bool
    before: int  # how many projections had run before it
    q_k_v: tuple[Tensor, Tensor, Tensor] | None = None
    z: Tensor | None = None


@dataclass(slots=True)
class Scout:
    """Keeps what runs, in order, and answers `hooks.Recorder`."""

    attended: list[Attended] = field(default_factory=list)
    projections: list[Ran] = field(default_factory=list)  # Linear and Conv1D
    norms: list[Ran] = field(default_factory=list)
    layers: list[Ran] = field(default_factory=list)  # elements of a ModuleList
    embedded: list[Ran] = field(default_factory=list)

    def attention_called(self, module: nn.Module, call: AttentionCall) -> None:
        """A call of the attention function."""
        query, key, value, mask = call[:4]
        self.attended.append(
            Attended(
                module,
                queries=query.shape[2],
                keys=key.shape[2],
                heads=query.shape[1],
                d_head=query.shape[3],
                is_causal=causal_flag(module, call.extras) if mask is None else _looks_back(mask),
                before=len(self.projections),
                q_k_v=(query, key, value),
            )
        )

    def attention_answered(self, module: nn.Module, z: Tensor) -> None:
        """What it gave."""
        del module
        self.attended[-1].z = z

    def changes_weights(self, module: nn.Module) -> bool:
        """No."""
        del module
        return False

    def scores_computed(self, module: nn.Module, scores: Tensor) -> Tensor:
        """The scores themselves."""
        del module
        return scores

    def weights_computed(self, module: nn.Module, weights: Tensor, allowed: Tensor) -> Tensor:
        """The weights themselves."""
        del module, allowed
        return weights

    def z_computed(self, module: nn.Module, z: Tensor) -> Tensor:
        """Z itself."""
        del module
        return z

    def layer_entered(self, block: nn.Module, hidden: Tensor) -> None:
        """Seen by hooks of its own."""

    def heads_concatenated(self, output: nn.Module, concat: Tensor) -> None:
        """Seen by hooks of its own."""

    def attention_added(self, module: nn.Module, hidden: Tensor) -> None:
        """Seen by hooks of its own."""

    def layer_left(self, block: nn.Module, hidden: Tensor) -> None:
        """Seen by hooks of its own."""


def scout(
    module: nn.Module, given: Inputs, showing: Callable[[Scout], AbstractContextManager[None]]
) -> Scout:
    """What one pass of `given` through a model shows, with its attention by `showing`."""
    found = Scout()
    with precision.inference(module), showing(found), _watched(module, found):
        module(**given)
    return found


@contextmanager
def _watched(module: nn.Module, found: Scout) -> Iterator[None]:
    """Every part of a model hooked for one pass."""
    kinds: list[tuple[type | tuple[type, ...], list[Ran]]] = [
        ((nn.Linear, Conv1D), found.projections),
        (nn.LayerNorm, found.norms),
        (nn.Embedding, found.embedded),
    ]
    handles: list[Any] = []
    for part in module.modules():
        lists = [runs for kind, runs in kinds if isinstance(part, kind)]
        for runs in lists:
            handles += _keeping(part, runs)
        if isinstance(part, nn.ModuleList):
            for element in part:
                handles += _keeping(element, found.layers)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _keeping(part: nn.Module, runs: list[Ran]) -> list[Any]:
    """Hooks that keep what a module is given and returns; the order is that of the calls."""
    open_calls: list[Ran] = []

    def entering(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tensors = [one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)]
        call = Ran(part, tensors[0] if tensors else torch.empty(0))
        open_calls.append(call)
        runs.append(call)

    def leaving(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        returned = hooks.first_tensor(output)
        open_calls.pop().returned = returned if isinstance(returned, Tensor) else None

    return [
        part.register_forward_pre_hook(entering, with_kwargs=True),
        part.register_forward_hook(leaving),
    ]


def _looks_back(mask: Tensor) -> bool:
    """Whether a mask lets no query look at a later key."""
    may = mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min
    return may.shape[-2] > 1 and not bool(may.triu(diagonal=1).any())


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers, in the same order."""
    return one.numel() == other.numel() and torch.equal(one.flatten(), other.flatten())


def first(runs: list[Ran], holds: Callable[[Ran], bool]) -> Ran | None:
    """The first call of which something holds."""
    return next((run for run in runs if holds(run)), None)
