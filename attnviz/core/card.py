"""What a model is, in numbers: the card that every picture names, and learned matrices.

Nothing here needs torch, so that figures and analysis can be imported without it.
"""

from dataclasses import dataclass
from typing import Literal, NoReturn

import numpy as np
from jaxtyping import Float

from attnviz.errors import CaptureError
from attnviz.texts import Language

Source = Literal["embedded", "control", "folder", "hub", "trained", "memory", "given"]
Architecture = Literal["encoder", "decoder", "encoder-decoder"]
Capability = Literal[
    "weights",
    "heads",  # q, k, v and z of each head, and its scores
    "output",  # W_O, and so what a head writes
    "projections",  # W_Q, W_K and W_V, which read x
    "streams",  # x and r
    "predictions",  # of a head for a task
    "norms",  # the LayerNorm of Add & Norm, and z after it
]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's name, origin and sizes."""

    name: str  # what `attnviz.load` is given
    title: str  # what pictures say
    source: Source
    family: str  # transformers' `model_type`, or our own encoder
    revision: str  # SHA-256 of the weights file, or the seed
    layers: int
    heads: int
    d_model: int
    d_head: int
    max_tokens: int
    vocabulary: int
    dtype: str = "float32"  # the numbers that it runs in; weights are computed in float32
    made_by: str = ""  # Python that makes a trained one, which has no name to load it by
    title_zh: str = ""  # what Chinese pictures say; "": the same
    architecture: Architecture = "encoder"  # in a decoder a token sees no later one
    layers_named: tuple[str, ...] = ()  # what the model calls them, where some have no attention
    other_layers: tuple[str, ...] = ()  # those without attention, by their kind

    @property
    def has_target(self) -> bool:
        """Whether it reads a second text, which its decoder is to write."""
        return self.architecture == "encoder-decoder"

    def called(self, language: Language) -> str:
        """What pictures in this language say."""
        return self.title_zh if language == "zh" and self.title_zh else self.title


def lacking(what: Capability) -> CaptureError:
    """The error of asking for something that a model does not show."""
    return CaptureError(f"lacks_{what}")


Projected = Literal["query", "key", "value"]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A learned matrix: input @ weight + bias. Views of the model's own numbers."""

    weight: Float[np.ndarray, "input output"]
    bias: Float[np.ndarray, " output"]


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """LayerNorm: (u − mean) / √(variance + epsilon) · gain + bias (Ba et al. 2016, eq. 4)."""

    gain: Float[np.ndarray, " d_model"]
    bias: Float[np.ndarray, " d_model"]
    epsilon: float


class AbsentProjection(Projection):
    """A matrix that a model does not show: whatever number is asked for, one error says so."""

    __slots__ = ("_what",)
    _what: Capability

    def __init__(self, what: Capability) -> None:
        object.__setattr__(self, "_what", what)

    @property
    def weight(self) -> NoReturn:
        """Not there."""
        raise lacking(self._what)

    bias = weight


class AbsentNorm(Norm):
    """A LayerNorm that a model does not have there."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    @property
    def gain(self) -> NoReturn:
        """Not there."""
        raise lacking("norms")

    bias = epsilon = gain


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """What one layer's attention block has learned: W_Q, W_K, W_V, W_O and its Add & Norm.

    W_Q, W_K, W_V hold all heads side by side; head h is columns h·d_head … (h+1)·d_head − 1.
    What a model does not show is an `AbsentProjection` or `AbsentNorm`.
    """

    query: Projection
    key: Projection
    value: Projection
    output: Projection
    norm: Norm
