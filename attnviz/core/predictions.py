"""Predictions: what a model says about each token, by the head that was saved with it."""

from dataclasses import dataclass
from typing import Literal

from attnviz.core.card import Capability
from attnviz.errors import CaptureError

Predicts = Literal[
    "masked-lm",  # what stands at a token
    "causal-lm",  # what comes after it
    "sequence-classification",  # of which class the whole text is
    "token-classification",  # of which class the token is
    "question-answering",  # whether the answer starts or ends at it
]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One possible answer."""

    text: str  # as people read it
    piece: str  # as it stands in the vocabulary, or the label of a class
    probability: float


@dataclass(frozen=True, slots=True)
class Predictions:
    """The likeliest answers of one run, the likeliest first.

    Probabilities are softmax over all choices, of which at most five are kept. Where several may
    be true at once, the classes of a text with several labels, each is a sigmoid of its own. In
    question answering "start" and "end" are shares over all tokens of the text.
    """

    head: Predicts
    top: tuple[tuple[Prediction, ...], ...]  # of each token; of a whole text, once
    sequence: str = "text"  # whose tokens they are of

    def of(self, token: int) -> tuple[Prediction, ...]:
        """The likeliest answers at a token, by its position."""
        return self.top[0 if self.head == "sequence-classification" else token]


class Predicting:
    """What a trace that may hold predictions answers."""

    __slots__ = ()
    predicted: Predictions | None

    def _lacks(self, what: Capability) -> CaptureError:
        raise NotImplementedError

    @property
    def predictions(self) -> Predictions:
        """What the model says at each token, by the head that was saved with it.

        Raises:
            CaptureError: if it has none.
        """
        if self.predicted is None:
            raise self._lacks("predictions")
        return self.predicted
