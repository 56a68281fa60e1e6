"""Precision: in which numbers a model runs, on which device, and how close two ways then come.

A folder that was saved in half precision runs in it. Weights are computed from its q and k in
float32 all the same: what is kept of a half number is that number.
"""

from collections.abc import Iterable
from functools import cache

import torch
from torch import nn

_HALVES = {"F16": torch.float16, "BF16": torch.bfloat16}  # as safetensors calls them
EXACT = 1e-5  # of the largest number (at least of 1), in float32
# Two ways to one number in half precision: a few steps of its last digit, and as many for scores.
_STEPS = 4


def stored(kinds: Iterable[str]) -> torch.dtype:
    """The precision of a model whose tensors are stored so: the first half that is among them."""
    return next((_HALVES[kind] for kind in kinds if kind in _HALVES), torch.float32)


def of(module: nn.Module) -> torch.dtype:
    """The precision that a model runs in."""
    found = (p.dtype for p in module.parameters() if p.is_floating_point() and p.dim() > 1)
    return next(found, torch.float32)


@cache
def tolerance(dtype: torch.dtype) -> float:
    """How far apart two ways to one number may be, as a share of the largest number.

    1e-5 in float32, 0.004 in float16, 0.031 in bfloat16.
    """
    return max(EXACT, _STEPS * torch.finfo(dtype).eps)


def coarseness(dtype: torch.dtype, largest_score: float) -> float:
    """How far the rounding of scores moves a weight: the larger they are, the coarser."""
    return _STEPS * torch.finfo(dtype).eps * largest_score


def device() -> torch.device:
    """The accelerator that torch sees, else the CPU."""
    found = torch.accelerator.current_accelerator(check_available=True)
    return torch.device("cpu") if found is None else found


def to_device(*modules: nn.Module | None) -> None:
    """Move what is there of some modules to where models run."""
    for module in modules:
        if module is not None:
            module.to(device())


def of_module(module: nn.Module) -> torch.device:
    """Where a model's weights lie."""
    return next((p.device for p in module.parameters()), torch.device("cpu"))
