"""What a model is, in numbers: the card that every picture and file names, and W_O.

Nothing here needs torch, so that figures and analysis can be imported without it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

Source = Literal["embedded", "control", "folder", "hub", "trained"]


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


@dataclass(frozen=True, slots=True, eq=False)
class OutputProjection:
    """W_O of one layer: concat(z) @ weight + bias. Views of the model's own numbers."""

    weight: Float[np.ndarray, "concat d_model"]
    bias: Float[np.ndarray, " d_model"]
