"""What a model is, in numbers: the card that every picture and file names."""

from dataclasses import dataclass
from typing import Literal

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
