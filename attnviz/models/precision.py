"""Precision: in which numbers a model runs, on which device, and how close two ways then come.

A folder that was saved in half precision runs in it. Weights are computed from its q and k in
float32 all the same: what is kept of a half number is that number.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from threading import Lock
from typing import Any

import torch
from torch import nn

CPU = torch.device("cpu")
_HALVES = {"F16": torch.float16, "BF16": torch.bfloat16}  # as safetensors calls them
EXACT = 1e-5  # of the largest number (at least of 1), in float32
# Two ways to one number in half precision: a few steps of its last digit, and as many for scores.
_STEPS = 4
# Of one weight on two devices: from layer to layer their rounding adds up.
_DEVICES, _LAYERS = 5e-5, 16


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


def between_devices(dtype: torch.dtype) -> float:
    """How far apart a weight may be that two devices compute, each with all layers below it.

    5e-5 in float32, 0.016 in float16, 0.125 in bfloat16: every layer rounds in its own order.
    """
    return max(_DEVICES, _LAYERS * torch.finfo(dtype).eps)


def coarseness(dtype: torch.dtype, largest_score: float) -> float:
    """How far the rounding of scores moves a weight: the larger they are, the coarser."""
    return _STEPS * torch.finfo(dtype).eps * largest_score


@contextmanager
def inference(module: nn.Module) -> Iterator[None]:
    """A pass of a model in its own numbers: without gradients, without autocast, without TF32."""
    kind = of_module(module).type
    has_autocast = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    no_autocast = torch.autocast(kind, enabled=False) if has_autocast else nullcontext()
    with torch.inference_mode(), no_autocast, _whole_float32:
        yield


class _WholeFloat32:
    """While somebody is inside, torch computes products of float32 in float32.

    Convolutions of cuDNN are in TF32 unless it is said otherwise, and other products if a script
    asks for it: ten bits of 23. These settings are the whole process's: the first who enters
    changes them, and the last who leaves puts back what was there.
    """

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._before: list[tuple[Any, str]] = []
        self._products = "highest"

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = [(one, one.fp32_precision) for one in _backends()]
                self._products = torch.get_float32_matmul_precision()
                self._set("highest", [(one, "ieee") for one, _ in self._before])
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._set(self._products, self._before)

    def _set(self, products: str, settings: list[tuple[Any, str]]) -> None:
        if products != torch.get_float32_matmul_precision():
            torch.set_float32_matmul_precision(products)
        for backend, setting in settings:
            backend.fp32_precision = setting


def _backends() -> tuple[Any, ...]:
    """What has a setting of its own for products of float32, as torch names it."""
    of: Any = torch.backends
    return of.cuda.matmul, of.cudnn.conv, of.cudnn.rnn, of.mkldnn.matmul, of.mkldnn.conv


_whole_float32 = _WholeFloat32()


def device() -> torch.device:
    """The accelerator that torch sees, else the CPU."""
    found = torch.accelerator.current_accelerator(check_available=True)
    return CPU if found is None else found


def to_device(place: torch.device, *modules: nn.Module | None) -> None:
    """Move what is there of some modules to a device."""
    for module in modules:
        if module is not None:
            module.to(place)


def of_module(module: nn.Module) -> torch.device:
    """Where a model's weights lie."""
    return next((p.device for p in module.parameters()), CPU)


def wait_for(module: nn.Module) -> None:
    """Wait until a model's device has computed what it was told to: the CPU always has."""
    place = of_module(module)
    if place.type != "cpu":
        torch.accelerator.synchronize(place)
