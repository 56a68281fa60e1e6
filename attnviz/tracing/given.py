"""Given weights: a trace of attention that was computed elsewhere, by any framework."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Float

from attnviz.errors import CaptureError
from attnviz.models.card import ModelCard
from attnviz.tracing.display import check_whole, visible
from attnviz.tracing.record import Token, Trace

_ROUNDING = 1e-4  # what a weight may be beyond 0 and 1


class _NotGiven(tuple[Any, ...]):
    """What weights alone do not hold."""

    def __getitem__(self, _: object) -> NoReturn:
        raise CaptureError("only_weights")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GivenTrace(Trace):
    """A trace that knows attention weights and nothing else."""

    given: Float[np.ndarray, "layer head query key"]

    def weights(self, head: tuple[int, int]) -> Float[np.ndarray, "query key"]:
        """The weights of one head, as they were given."""
        found: np.ndarray = self.given[self.check_head(head)]
        return found

    def layer_weights(self, layer: int) -> Float[np.ndarray, "head query key"]:
        """The weights of every head of a layer, as they were given."""
        found: np.ndarray = self.given[self.check_layer(layer)]
        return found


def given_trace(
    tokens: Sequence[str], weights: np.ndarray, special: Sequence[int], title: str
) -> GivenTrace:
    """See `Trace.from_weights`."""
    array = np.array(weights, dtype=np.float32)
    if array.ndim == 5 and array.shape[1] == 1:
        array = array[:, 0]  # transformers' stacked attentions of one text
    if array.ndim != 4 or array.shape[2:] != (len(tokens), len(tokens)) or not array.size:
        raise CaptureError("weights_shape", shape=array.shape, tokens=len(tokens))
    within = (array >= -_ROUNDING) & (array <= 1 + _ROUNDING)  # false for what is no number
    if not within.all():
        raise CaptureError("weights_values", count=f"{int((~within).sum()):,}")
    check_whole(title, *tokens)
    missing = [place for place in special if not 0 <= place < len(tokens)]
    if missing:
        raise CaptureError("special_beyond", places=missing, tokens=len(tokens))
    array = np.clip(array, 0, 1)
    array.flags.writeable = False
    layers, heads, count, _ = array.shape
    card = ModelCard(
        name="",
        title=title,
        source="given",
        family="given",
        revision=hashlib.sha256(array.tobytes()).hexdigest(),
        layers=layers,
        heads=heads,
        d_model=0,
        d_head=0,
        max_tokens=count,
        vocabulary=0,
    )
    return GivenTrace(
        model=card,
        text=" ".join(tokens),
        pair=None,
        tokens=_tokens(tokens, set(special)),
        left_out=(),
        layers=_NotGiven(),
        learned=_NotGiven(),
        given=array,
    )


def _tokens(tokens: Sequence[str], special: set[int]) -> tuple[Token, ...]:
    return tuple(
        Token(
            text=visible(text.strip(" ") or "␣"),
            piece=text,
            position=place,
            word=None if place in special else place,
            segment=0,
            is_special=place in special,
            is_unknown=False,
            source=text,
        )
        for place, text in enumerate(tokens)
    )
