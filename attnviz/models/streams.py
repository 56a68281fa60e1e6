"""Streams: keeps what one forward pass shows of the residual stream, layer by layer."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.core.attention import AttentionKey, Stream
from attnviz.core.card import ModelCard
from attnviz.errors import CaptureError
from attnviz.models import precision
from attnviz.models.places import Calls, Depth, Place, by_block, by_module

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
    streams: dict[Depth, dict[str, np.ndarray]] = field(init=False)  # entered, left, …
    _hidden: tuple[Tensor, np.ndarray] | None = field(init=False, default=None)  # the last one
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
        self.streams["text", key[1]]["after_attention"] = array_of(hidden)

    def layer_left(self, block: nn.Module, hidden: Tensor) -> None:
        """Keep the layer's r."""
        self.streams[self._blocks.now(block)]["left"] = self._kept(hidden)

    def _kept(self, hidden: Tensor) -> np.ndarray:
        """The numbers of x or r, copied once: the r of a layer is the x of the next."""
        if self._hidden is None or not _is_same_memory(self._hidden[0], hidden):
            self._hidden = hidden, array_of(hidden)
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
        for (_, layer), shown in self.streams.items():
            if not np.isfinite(shown["left"]).all():
                raise CaptureError("not_numbers", model=card, layer=layer)

    def stream(self) -> Stream:
        """The residual stream of the only sequence, or of the first."""
        return next(iter(self.all_streams().values()))

    def all_streams(self) -> dict[str, Stream]:
        """The residual stream of each sequence: a layer is entered by what left the one below.

        A layer's r and the x of the next are one array in memory, so equality is free.

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
                residual=(layers[0]["entered"], *(layer["left"] for layer in layers)),
                after_attention=tuple(
                    layer["after_attention"] for layer in layers if "after_attention" in layer
                ),
            )
        return found


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are the same memory, or hold the same numbers."""
    return one.__array_interface__ == other.__array_interface__ or np.array_equal(one, other)


def _is_same_memory(one: Tensor, other: Tensor) -> bool:
    return one is other or (
        one.data_ptr() == other.data_ptr()
        and (one.dtype, one.shape, one.stride()) == (other.dtype, other.shape, other.stride())
    )


def array_of(tensor: Tensor) -> np.ndarray:
    """The first (only) sentence of a batch, shared and read only."""
    return read_only(tensor[0])


def read_only(tensor: Tensor) -> np.ndarray:
    """A tensor's own numbers; of fewer bits than float32 as that.

    From an accelerator it comes into memory of NumPy, in the order of its axes: that has large
    pages, and is read faster by all who compute with it.
    """
    kept = tensor.detach()
    if kept.dtype in (torch.bfloat16, torch.float16):
        kept = kept.float()
    if kept.device != precision.CPU:
        numbers = np.empty(kept.shape, str(kept.dtype).removeprefix("torch."))
        kept = torch.from_numpy(numbers).copy_(kept)
    array: np.ndarray = kept.numpy()
    array.flags.writeable = False
    return array
