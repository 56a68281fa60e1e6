"""Watching: attention of a family's own code, which shows no queries, keys or values.

A `TorchFunctionMode` sees every softmax of the thread that runs the model. One inside an
attention module, over keys, is kept as it is: the weights themselves, "head query key", and where
the score was −∞ (or the least number that there is) the pair is not allowed. That the model went
on with these weights shows too: they are an operand of a product after that.

A mode is active in its own thread alone, so captures do not see one another.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from attnviz.core.attention import AttentionKey
from attnviz.core.given import GivenWeights
from attnviz.models.places import Calls, by_module
from attnviz.models.scout import Attended, Scout, same
from attnviz.models.streams import StreamRecorder, array_of

_SOFTMAX = frozenset({torch.softmax, Tensor.softmax, nn.functional.softmax})
_PRODUCTS = frozenset(
    {torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, Tensor.bmm, torch.einsum}
)
_FORBIDDEN = -1e4  # families forbid a pair by adding this, or a lower number

_inside: ContextVar[list[nn.Module] | None] = ContextVar("attnviz_inside", default=None)


@runtime_checkable
class Watcher(Protocol):
    """What is shown of a running model."""

    def softmax_seen(self, module: nn.Module, scores: Tensor, weights: Tensor) -> None:
        """Softmax gave weights, inside a module."""

    def product_seen(self, operands: Sequence[Tensor]) -> None:
        """A product of matrices was computed inside a module."""


class _Mode(TorchFunctionMode):
    """Shows softmax over the last axis and products to a watcher."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__()
        self._watcher = watcher

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Run the function; show it if it is one of those, inside an attention module."""
        del types
        named = kwargs or {}
        result = func(*args, **named)
        inside = [one for one in _inside.get() or () if not isinstance(one, nn.Softmax)]
        if inside and func in _SOFTMAX:
            scores = args[0] if args else named["input"]
            if named.get("dim", args[1] if len(args) > 1 else None) in (-1, scores.dim() - 1):
                self._watcher.softmax_seen(inside[-1], scores, result)
        elif inside and func in _PRODUCTS:
            self._watcher.product_seen([one for one in args if isinstance(one, Tensor)])
        return result


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Show what this thread computes inside modules with `watch_inside`, until the block ends."""
    token = _inside.set([])
    try:
        with _Mode(watcher):
            yield
    finally:
        _inside.reset(token)


def watch_inside(modules: Iterable[nn.Module]) -> list[Any]:
    """Hook modules, so that it is known which of them runs; nothing while nobody watches."""
    handles: list[Any] = []

    def entering(module: nn.Module, _: Any) -> None:
        if (inside := _inside.get()) is not None:
            inside.append(module)

    def leaving(_: nn.Module, __: Any, ___: Any) -> None:
        if (inside := _inside.get()) is not None and inside:
            inside.pop()

    for module in modules:
        handles.append(module.register_forward_pre_hook(entering))
        handles.append(module.register_forward_hook(leaving))
    return handles


@dataclass(slots=True)
class SoftmaxScout:
    """Notes every softmax that gives weights "head query key" between texts of these lengths."""

    found: Scout
    lengths: frozenset[int]

    def softmax_seen(self, module: nn.Module, scores: Tensor, weights: Tensor) -> None:
        """Note one."""
        sizes = weights.shape[-2:]
        if weights.dim() < len(("head", "query", "key")) or not self.lengths.issuperset(sizes):
            return
        may = _allowed(_heads(scores), _heads(weights))
        call = Attended(
            module,
            queries=sizes[0],
            keys=sizes[1],
            heads=len(may),
            d_head=0,
            is_causal=not bool(may.triu(diagonal=1).any()),
            before=len(self.found.projections),
        )
        self.found.attended.append(call)

    def product_seen(self, operands: Sequence[Tensor]) -> None:
        """Nothing to note."""


def _heads(tensor: Tensor) -> Tensor:
    """An array of one text as "head query key": some families put the batch beside the heads."""
    return tensor.reshape(-1, *tensor.shape[-2:])


def _allowed(scores: Tensor, weights: Tensor) -> Tensor:
    """Where a query may look: what is forbidden has a score of its own, and no weight."""
    return (scores > _FORBIDDEN) | (weights > 0)


@dataclass(slots=True)
class WeightRecorder(StreamRecorder):
    """Keeps the weights that a model's own code computes, one after the other."""

    weights: dict[AttentionKey, GivenWeights] = field(init=False, default_factory=dict)
    _unused: dict[AttentionKey, Tensor] = field(init=False, default_factory=dict)
    _attention: Calls[AttentionKey] = field(init=False)

    def __post_init__(self) -> None:
        StreamRecorder.__post_init__(self)
        self._attention = Calls(by_module(self.model.places, "attention"))

    def softmax_seen(self, module: nn.Module, scores: Tensor, weights: Tensor) -> None:
        """Keep the weights of a place."""
        key = self._attention.next(module)
        if key is None:
            raise self.not_understood()
        heads = _heads(weights)
        may = _allowed(_heads(scores), heads)
        allowed = None if bool(may.all()) else array_of(may[None])
        self.weights[key] = GivenWeights(array_of(heads[None]), allowed)
        self._unused[key] = weights

    def product_seen(self, operands: Sequence[Tensor]) -> None:
        """The model goes on with the weights that are an operand."""
        for key, weights in list(self._unused.items()):
            if any(same(weights.to(operand.dtype), operand) for operand in operands):
                del self._unused[key]

    def attention(self) -> dict[AttentionKey, GivenWeights]:
        """The weights of each place.

        Raises:
            CaptureError: if a layer did not show them, computes no finite numbers, or went on
                with others.
        """
        places = self.model.places
        shown = (place.key in self.weights and self.has_stream(place) for place in places)
        self.check_shown(sum(not is_shown for is_shown in shown))
        if self._unused:
            raise self.not_understood()
        return self.weights
