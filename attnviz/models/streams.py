"""Streams: keeps what one forward pass shows of the residual stream, layer by layer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from attnviz.core.attention import AttentionKey, Stream
from attnviz.core.card import ModelCard
from attnviz.errors import CaptureError
from attnviz.models import precision
from attnviz.models.places import Calls, Depth, Place, by_block, by_module

_HALVES = {torch.bfloat16, torch.float16}
_ENDS = {"entered", "left"}  # of each layer


@runtime_checkable
class Recorded(Protocol):
    """The model that runs: what its recorder asks of it."""

    @property
    def card(self) -> ModelCard:
        """Its sizes and what it is called."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where its attention is computed, in the order of the pass."""


@dataclass(slots=True)
class StreamRecorder:
    """Keeps x, z and r of each layer that has them."""

    model: Recorded
    streams: dict[Depth, dict[str, Tensor]] = field(init=False)  # entered, left, …
    _hidden: tuple[Tensor, Tensor] | None = field(init=False, default=None)  # the last one
    _blocks: Calls[Depth] = field(init=False)
    _after: Calls[AttentionKey] = field(init=False)

    def __post_init__(self) -> None:
        places = self.model.places
        self.streams = {place.depth: {} for place in places if place.block is not None}
        self._blocks = Calls(by_block(places))
        self._after = Calls(by_module(places, "after_attention"))

    def not_understood(self) -> CaptureError:
        """The error of a pass in which something else happens than is known of the model."""
        return CaptureError("attention_not_understood", model=self.model.card)

    def layer_entered(self, block: nn.Module, hidden: Tensor) -> None:
        """Keep x, or the r of the layer below."""
        depth = self._blocks.next(block)
        if depth is None:
            raise self.not_understood()
        self.streams[depth]["entered"] = self._kept(hidden)

    def attention_added(self, module: nn.Module, hidden: Tensor) -> None:
        """Keep the layer's z."""
        key = self._after.next(module)
        if key is None:
            raise self.not_understood()
        self.streams["text", key[1]]["after_attention"] = in_memory(hidden)

    def layer_left(self, block: nn.Module, hidden: Tensor) -> None:
        """Keep the layer's r."""
        self.streams[self._blocks.now(block)]["left"] = self._kept(hidden)

    def _kept(self, hidden: Tensor) -> Tensor:
        """X or r in memory, copied once at most: the r of a layer is the x of the next."""
        if hidden.device == precision.CPU:
            return hidden
        if self._hidden is None or not _is_same_memory(self._hidden[0], hidden):
            self._hidden = hidden, in_memory(hidden)
        return self._hidden[1]

    def has_stream(self, place: Place) -> bool:
        """Whether the layer of a place has shown its x and r, and its z, as far as it has them."""
        if place.block is None:
            return True
        wanted = _ENDS if place.after_attention is None else {*_ENDS, "after_attention"}
        return self.streams[place.depth].keys() >= wanted

    def check_shown(self, silent: int) -> None:
        """Make sure that every place has shown what it has, and that all of it are numbers.

        Raises:
            CaptureError: if not.
        """
        card, places = self.model.card, len(self.model.places)
        if silent:
            seen = places - silent
            raise CaptureError("layers_not_seen", model=card, seen=seen, layers=places)
        last = {sequence: shown["left"] for (sequence, _), shown in self.streams.items()}
        if all(map(_are_numbers, last.values())):  # what is none stays none, on to the last r
            return
        for (_, layer), shown in self.streams.items():
            if not _are_numbers(shown["left"]):
                raise CaptureError("not_numbers", model=card, layer=layer)

    def stream(self) -> Stream:
        """The residual stream of the only sequence, or of the first."""
        return next(iter(self.all_streams().values()))

    def all_streams(self) -> dict[str, Stream]:
        """The residual stream of each sequence: a layer is entered by what left the one below.

        A layer's r and the x of the next are one tensor as a rule, so equality is free.

        Raises:
            CaptureError: if one is not.
        """
        found: dict[str, Stream] = {}
        for sequence in dict.fromkeys(sequence for sequence, _ in self.streams):
            layers = [shown for (of, _), shown in self.streams.items() if of == sequence]
            for below, above in pairwise(layers):
                if not _same(above["entered"], below["left"]):
                    raise self.not_understood()
            found[sequence] = Stream(
                residual=(
                    array_of(layers[0]["entered"]),
                    *(array_of(layer["left"]) for layer in layers),
                ),
                after_attention=tuple(
                    array_of(layer["after_attention"])
                    for layer in layers
                    if "after_attention" in layer
                ),
            )
        return found


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are one, or hold the same numbers."""
    return _is_same_memory(one, other) or torch.equal(one, other)


def _are_numbers(tensor: Tensor) -> bool:
    """Whether all are finite."""
    return bool(np.isfinite(array_of(tensor)).all())


def _is_same_memory(one: Tensor, other: Tensor) -> bool:
    return one is other or (
        one.data_ptr() == other.data_ptr()
        and (one.dtype, one.shape, one.stride()) == (other.dtype, other.shape, other.stride())
    )


def array_of(tensor: Shaped[Tensor, "batch *axes"]) -> Shaped[np.ndarray, "*axes"]:
    """The first (only) sentence of a batch, shared and read only."""
    first: np.ndarray = read_only(tensor)[0]
    return first


def in_memory(tensor: Tensor) -> Tensor:
    """A tensor that lies on an accelerator, as a copy that does not; any other as it is.

    It comes into memory of NumPy, in the order of its axes: that has large pages, and is read
    faster by all who compute with it.
    """
    if tensor.device == precision.CPU:
        return tensor
    kept = tensor.detach().float() if tensor.dtype in _HALVES else tensor.detach()
    numbers = np.empty(kept.shape, str(kept.dtype).removeprefix("torch."))
    return torch.from_numpy(numbers).copy_(kept)


def alone(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Tensors in memory, none of which keeps more alive than they hold together.

    Where a model projects q, k and v at once and then turns q and k by their positions, v is a
    third of what was projected; such a part is copied.
    """
    held: Counter[int] = Counter()  # bytes, by the memory that they are of
    for tensor in tensors:
        held[tensor.untyped_storage().data_ptr()] += tensor.nbytes
    return [_without_rest(tensor, held) for tensor in tensors]


def _without_rest(tensor: Tensor, held: Counter[int]) -> Tensor:
    whole = tensor.untyped_storage()
    is_part = tensor.device == precision.CPU and whole.nbytes() > held[whole.data_ptr()]
    return tensor.clone(memory_format=torch.contiguous_format) if is_part else in_memory(tensor)


def read_only(tensor: Shaped[Tensor, "*axes"]) -> Shaped[np.ndarray, "*axes"]:
    """A tensor's own numbers; of fewer bits than float32 as that."""
    kept = in_memory(tensor)
    array: np.ndarray = (kept.float() if kept.dtype in _HALVES else kept).numpy(force=True)
    array.flags.writeable = False
    return array
