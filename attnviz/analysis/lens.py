"""The lens: what of a head's attention is shown, and a count of all that is not.

In this order: pieces are merged to words, special tokens are hidden, what is left is
renormalised, weak weights are hidden. Each step is asked for, and each is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from attnviz.tracing.record import Token

Unit = Literal["piece", "word"]


@dataclass(frozen=True, slots=True)
class Lens:
    """What the viewer asks for."""

    unit: Unit = "piece"
    hide_special: bool = False
    renormalise: bool = False  # what is left of each row, to a sum of 1
    at_least: float = 0.0  # hide weights below this
    strongest: float = 1.0  # of each row, show the strongest until this share is reached


@dataclass(frozen=True, slots=True)
class Place:
    """One row and column of what is shown: a token, or a word of several."""

    text: str
    positions: tuple[int, ...]  # of the tokens that it stands for
    is_special: bool
    is_unknown: bool

    @property
    def name(self) -> str:
        """The text and where it stands: duplicates stay distinct."""
        first, last = self.positions[0], self.positions[-1]
        return f"{self.text} ({first})" if first == last else f"{self.text} ({first}–{last})"


@dataclass(frozen=True, slots=True)
class Withheld:
    """What the lens took away, to be said on the picture."""

    pieces_merged: int = 0  # tokens that went into words of several
    special_hidden: int = 0
    special_share: float = 0.0  # mean over the shown queries of what they gave to those
    renormalised: bool = False
    weak_hidden: int = 0  # weights below the thresholds
    weak_share: float = 0.0  # mean over the shown queries of their sum


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One head through the lens."""

    places: tuple[Place, ...]
    weights: Float[np.ndarray, "query key"]
    shown: Bool[np.ndarray, "query key"]
    withheld: Withheld


def look(weights: Float[np.ndarray, "query key"], tokens: Sequence[Token], lens: Lens) -> View:
    """One head's weights through the lens."""
    places = _places(tokens, lens.unit)
    merged = merge(weights, places)
    pieces_merged = sum(len(p.positions) for p in places if len(p.positions) > 1)
    stays = np.array([not (lens.hide_special and place.is_special) for place in places])
    left = merged[np.ix_(stays, stays)]
    special_share = float(merged[stays][:, ~stays].sum(axis=1).mean()) if stays.any() else 0.0
    renormalised = lens.renormalise and lens.hide_special
    if renormalised:
        left = renormalise(left)
    shown = strong(left, lens)
    return View(
        places=places_shown(tokens, lens),
        weights=left,
        shown=shown,
        withheld=Withheld(
            pieces_merged=pieces_merged,
            special_hidden=int((~stays).sum()),
            special_share=special_share,
            renormalised=renormalised,
            weak_hidden=int((~shown).sum()),
            weak_share=float(np.where(shown, 0, left).sum(axis=1).mean()) if left.size else 0.0,
        ),
    )


def places_shown(tokens: Sequence[Token], lens: Lens) -> tuple[Place, ...]:
    """The places that a lens shows, in the order of rows and columns."""
    places = _places(tokens, lens.unit)
    return tuple(place for place in places if not (lens.hide_special and place.is_special))


def merge(
    weights: Float[np.ndarray, "query key"], places: Sequence[Place]
) -> Float[np.ndarray, "place place"]:
    """Weights between places: summed over keys, averaged over queries.

    A word is looked at as much as all its pieces, and looks as its pieces do on average,
    so rows still sum to 1 (Clark et al. 2019, §4.1).
    """
    if len(places) == len(weights):
        return weights
    starts = [place.positions[0] for place in places]
    sizes = np.array([[len(place.positions)] for place in places], dtype=weights.dtype)
    over_keys = np.add.reduceat(weights, starts, axis=1)
    merged: np.ndarray = np.add.reduceat(over_keys, starts, axis=0) / sizes
    return merged


def renormalise(weights: Float[np.ndarray, "query key"]) -> Float[np.ndarray, "query key"]:
    """Each row divided by its sum. A row of zeros stays as it is."""
    sums = weights.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.divide(weights, sums, where=sums > 0, out=weights.copy())
    return shares


def strong(weights: Float[np.ndarray, "query key"], lens: Lens) -> Bool[np.ndarray, "query key"]:
    """Which weights pass both thresholds of the lens."""
    shown = weights >= lens.at_least
    if lens.strongest < 1:
        order = np.argsort(-weights, axis=1, kind="stable")
        ordered = np.take_along_axis(weights, order, axis=1)
        before = np.cumsum(ordered, axis=1) - ordered  # what stronger weights already reach
        needed = before < lens.strongest * ordered.sum(axis=1, keepdims=True)
        among = np.empty_like(shown)
        np.put_along_axis(among, order, needed, axis=1)
        shown &= among
    return shown


def _places(tokens: Sequence[Token], unit: Unit) -> tuple[Place, ...]:
    def group_of(token: Token) -> tuple[int, int]:
        apart = unit == "piece" or token.word is None
        return (token.position, -1) if apart else (-1, token.word or 0)

    return tuple(_place(list(group)) for _, group in groupby(tokens, key=group_of))


def _place(tokens: list[Token]) -> Place:
    return Place(
        text="".join(token.text for token in tokens),
        positions=tuple(token.position for token in tokens),
        is_special=tokens[0].is_special,
        is_unknown=any(token.is_unknown for token in tokens),
    )
