"""The sizes of our own small encoder or decoder. Nothing here needs torch, unlike the encoder."""

from dataclasses import dataclass
from typing import Literal

Positions = Literal["learned", "none"]  # "none": the order of the tokens cannot be seen


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The sizes of an encoder or decoder, and what it is asked about each token."""

    symbols: int  # rows of the embedding
    tokens: int  # the longest text
    classes: int  # possible answers to a question
    questions: int = 1  # asked about every token
    d_model: int = 64
    heads: int = 8
    layers: int = 1
    d_ff: int = 0  # width of the feed-forward network; 0: none
    positions: Positions = "learned"
    is_causal: bool = False  # a decoder: no token may look at a later one

    @property
    def d_head(self) -> int:
        """The width of one head's q, k, v and z."""
        return self.d_model // self.heads

    @property
    def parameters(self) -> int:
        """How many numbers are trained. The number of heads is not in the formula."""
        d = self.d_model
        places = self.tokens if self.positions == "learned" else 0
        feed_forward = 2 * d * self.d_ff + self.d_ff + d if self.d_ff else 0
        answers = self.questions * self.classes
        return (
            (self.symbols + places) * d
            + self.layers * (4 * d * d + feed_forward)
            + (d + 1) * answers
        )
