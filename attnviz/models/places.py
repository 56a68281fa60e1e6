"""Places: where in a model its attention is computed, in the order of the pass.

A module may compute several: ALBERT runs one for all layers. So a place is named by what it
computes, the kind of attention and the layer, and a module's calls are counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from torch import nn

from attnviz.core.attention import AttentionKey
from attnviz.core.card import LayerWeights
from attnviz.runtime.sizes import ELSEWHERE

Depth = tuple[str, int]  # a sequence of tokens, and a layer that works on it

_SEQUENCE = {"self": "text", "encoder": "source", "decoder": "target", "cross": "target"}


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One attention of a model: its modules, and what it has learned."""

    key: AttentionKey
    attention: nn.Module  # calls the attention function, or softmax itself
    learned: LayerWeights = field(metadata={ELSEWHERE: True})  # the module's own numbers
    output: nn.Module | None = None  # W_O, if one was found
    block: nn.Module | None = None  # the layer, if its x and r are a residual stream
    after_attention: nn.Module | None = None  # gives the layer's z: Add & Norm

    @property
    def depth(self) -> Depth:
        """The sequence whose stream the layer works on, and its number there."""
        return _SEQUENCE[self.key[0]], self.key[1]


Name = TypeVar("Name")
Part = Literal["attention", "output", "after_attention"]


def by_module(places: Sequence[Place], part: Part) -> dict[nn.Module, tuple[AttentionKey, ...]]:
    """What each module of a kind computes, call by call."""
    found: dict[nn.Module, tuple[AttentionKey, ...]] = {}
    for place in places:
        module = getattr(place, part)
        if module is not None:
            found[module] = (*found.get(module, ()), place.key)
    return found


def by_block(places: Sequence[Place]) -> dict[nn.Module, tuple[Depth, ...]]:
    """Which layer each block is, call by call; that of a decoder has two places."""
    found: dict[nn.Module, tuple[Depth, ...]] = {}
    for place in places:
        if place.block is not None and place.depth not in found.get(place.block, ()):
            found[place.block] = (*found.get(place.block, ()), place.depth)
    return found


@dataclass(slots=True)
class Calls(Generic[Name]):
    """Which of its places a module computes now, by counting its calls."""

    of: dict[nn.Module, tuple[Name, ...]]
    count: dict[nn.Module, int] = field(default_factory=dict)

    def next(self, module: nn.Module) -> Name | None:
        """What the call that begins computes; None if it is one too many, or of no place."""
        names, number = self.of.get(module, ()), self.count.get(module, 0)
        self.count[module] = number + 1
        return names[number] if number < len(names) else None

    def now(self, module: nn.Module) -> Name:
        """What the call that was begun last computes."""
        return self.of[module][self.count[module] - 1]
