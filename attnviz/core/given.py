"""Given weights: a trace of attention that was computed elsewhere, by any framework."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from attnviz.core.arrays import real_numbers
from attnviz.core.attention import Given, Heads
from attnviz.core.card import ModelCard
from attnviz.core.characters import check_whole, visible
from attnviz.core.tiles import EVERY, Queries
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.core.weights import row_sums
from attnviz.errors import CaptureError

_ROUNDING = 1e-6  # what float32 may put a weight beyond 0 and 1, and above 0 behind a mask


@dataclass(frozen=True, slots=True, eq=False)
class GivenWeights:
    """The weights of one layer, as they were given."""

    given: Float[np.ndarray, "head query key"]
    allowed: Bool[np.ndarray, "head query key"] | None  # None: every query sees every key

    @property
    def heads(self) -> int:
        """How many heads the layer has."""
        return len(self.given)

    @property
    def sizes(self) -> tuple[int, int]:
        """How many queries and how many keys there are."""
        queries, keys = self.given.shape[1:]
        return queries, keys

    def weights(
        self, head: Heads, queries: Queries = EVERY
    ) -> Float[np.ndarray, "*head query key"]:
        """The weights, as they were given."""
        weights: np.ndarray = self.given[head][..., queries, :]
        return weights

    def may_look(
        self, head: Heads, queries: Queries = EVERY
    ) -> Bool[np.ndarray, "*head query key"] | None:
        """The pairs that the mask allows; None without a mask."""
        return None if self.allowed is None else np.asarray(self.allowed[head][..., queries, :])


def given_trace(tokens: Any, weights: Any, special: Any, title: Any, allowed: Any) -> Trace:
    """See `Trace.from_weights`."""
    names = texts(tokens, title)
    places = positions(special, len(names))
    array = _with_axes(real_numbers(weights), len(names))
    may = _allowed(array, allowed)
    there: np.ndarray = np.logical_or(may.any(axis=(0, 1, 2)), may.any(axis=(0, 1, 3)))
    # what padding looks at is of no meaning
    weights_there = _between(checked_weights(np.ma.filled(array, 0), may, there), there)
    weights_there.flags.writeable = False
    between = _between(may, there)
    kept = [name for name, stays in zip(names, there, strict=True) if stays]
    card = card_of_given(weights_there, title, hashlib.sha256(weights_there.tobytes()).hexdigest())
    mask = None if between.all() else between
    special_kept = {int(there[:place].sum()) for place in places if there[place]}
    return Trace(
        model=card,
        text=" ".join(kept),
        pair=None,
        sequences={"text": tokens_of(kept, special_kept)},
        left_out=(),
        attention={
            ("self", layer): GivenWeights(weights, None if mask is None else mask[layer])
            for layer, weights in enumerate(weights_there)
        },
        capabilities=frozenset({"weights"}),
        given=Given(weights_there, mask, len(names) - len(kept), row_sums(weights_there)),
    )


def card_of_given(
    given: Float[np.ndarray, "layer head query key"], title: str, revision: str
) -> ModelCard:
    """What is known of the model of given weights: their sizes."""
    layers, heads, _, count = given.shape
    return ModelCard(
        name="",
        title=title,
        source="given",
        family="given",
        revision=revision,
        layers=layers,
        heads=heads,
        d_model=0,
        d_head=0,
        max_tokens=count,
        vocabulary=0,
    )


def texts(tokens: Any, title: Any) -> list[str]:
    """Tokens as texts.

    Raises:
        CaptureError: if one of them, or the title, is none.
    """
    names = list(tokens) if isinstance(tokens, Iterable) else [tokens]
    strange = [repr(text) for text in (*names, title) if not isinstance(text, str)]
    if strange:
        raise CaptureError("not_texts", found=", ".join(strange[:3]))
    check_whole(title, *names)
    return names


def positions(special: Any, tokens: int) -> set[int]:
    """The positions of special tokens.

    Raises:
        CaptureError: if they are no positions, or there are fewer tokens.
    """
    try:
        places = list(special)
        if any(isinstance(place, bool | np.bool) for place in places):
            raise TypeError("a mask is no list of positions")
        numbers = [index(place) for place in places]
    except TypeError as error:
        raise CaptureError("special_kind") from error
    if len(set(numbers)) < len(numbers):  # as in a mask of 0 and 1
        raise CaptureError("special_kind")
    missing = [place for place in numbers if not 0 <= place < tokens]
    if missing:
        raise CaptureError("special_beyond", places=missing, tokens=tokens)
    return set(numbers)


def _with_axes(array: np.ndarray, tokens: int) -> np.ndarray:
    """`array` as "layer head query key"; transformers' stacked attentions have a batch of 1."""
    if array.ndim == 5 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 4 or array.shape[2:] != (tokens, tokens) or not array.size:
        raise CaptureError("weights_shape", shape=array.shape, tokens=tokens)
    return array


def _allowed(array: np.ndarray, allowed: Any) -> Bool[np.ndarray, "layer head query key"]:
    """Which queries may look at which keys, head by head: the mask, and NumPy's own."""
    may: np.ndarray = ~np.ma.getmaskarray(array)
    if allowed is not None:
        mask = np.ma.filled(real_numbers(allowed), 0)
        while mask.ndim > 1 and mask.shape[0] == 1:  # a batch of one text
            mask = mask[0]
        if not ((mask == 0) | (mask == 1)).all():
            raise CaptureError("mask_values")
        if mask.shape == array.shape[3:]:
            mask = mask[:, None] * mask  # from " token" to "query key"
        if mask.ndim not in (2, 3, 4) or mask.shape[-2:] != array.shape[2:]:
            raise CaptureError("mask_shape", shape=mask.shape, tokens=array.shape[3])
        try:
            may = may & (mask == 1)
        except ValueError as error:
            raise CaptureError("mask_shape", shape=mask.shape, tokens=array.shape[3]) from error
    if not may.any():
        raise CaptureError("all_masked")
    return may


def checked_weights(
    array: Shaped[np.ndarray, "layer head query key"],
    may: Bool[np.ndarray, "layer head query key"],
    counted: Any = slice(None),
) -> Float[np.ndarray, "layer head query key"]:
    """The weights, read only; of `counted` queries nothing may be where the mask allows nothing.

    Raises:
        CaptureError: if they are no weights, or above 0 where the mask allows nothing.
    """
    behind = (~may & ~(np.abs(array) <= _ROUNDING))[:, :, counted]
    if behind.any():
        raise CaptureError("weights_behind_mask", count=f"{int(behind.sum()):,}")
    within = ~may | (
        (array >= -_ROUNDING) & (array <= 1 + _ROUNDING)
    )  # false for what is no number
    if not within.all():
        raise CaptureError("weights_values", count=f"{int((~within).sum()):,}")
    kept: np.ndarray = np.clip(np.where(may, array, 0).astype(np.float32), 0, 1)
    kept.flags.writeable = False
    return kept


def _between(array: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The queries and keys that are there."""
    between: np.ndarray = array[:, :, there][..., there]
    return between


def tokens_of(tokens: Sequence[str], special: set[int]) -> tuple[Token, ...]:
    """Texts as tokens, those at some positions special."""
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
