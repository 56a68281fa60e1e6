"""The lens: what of a head's attention is shown, and a count of all that is not.

In this order: pieces are merged to words, special tokens are hidden, what is left is
renormalised, heads are combined, weak weights are hidden. Each step is asked for, and each is
counted. Heads are combined once each has been merged and renormalised: a cell of their maximum
is the largest of the cells that their own pictures show, and no weight passes 1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float

from attnviz import checks
from attnviz.analysis.combine import Combination, combined
from attnviz.capture.grouping import is_unspaced
from attnviz.core.trace import Token

Unit = Literal["piece", "word"]
_ROUNDING = 1e-5  # of a sum of weights


@dataclass(frozen=True, slots=True)
class Lens:
    """What the viewer asks for.

    Raises:
        ArgumentError: if something is asked for that there is not.
    """

    unit: Unit = "piece"
    hide_special: bool = False
    renormalise: bool = False  # what is left of each row, to a sum of 1
    at_least: float = 0.0  # hide weights below this
    strongest: float = 1.0  # of each row, show the strongest until this share is reached

    def __post_init__(self) -> None:
        checks.one_of("unit", self.unit, get_args(Unit))
        for names, check in (
            (("hide_special", "renormalise"), checks.flag),
            (("at_least", "strongest"), checks.share),
        ):
            for name in names:
                object.__setattr__(self, name, check(name, getattr(self, name)))


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
    no_words: int = 0  # places of a script without spaces, which are no words
    special_hidden: int = 0
    special_share: float = 0.0  # mean over heads and shown queries of what they gave to those
    renormalised: bool = False
    rows_empty: int = 0  # rows with nothing left to renormalise
    weak_hidden: int = 0  # weights below the thresholds
    weak_share: float = 0.0  # of a whole row, mean over the shown queries
    not_allowed: int = 0  # pairs that the mask of given weights does not allow


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One head, or several combined, through the lens."""

    places: tuple[Place, ...]
    weights: Float[np.ndarray, "query key"]
    shown: Bool[np.ndarray, "query key"]
    whole: Float[np.ndarray, " query"]  # what each row sums to, hidden special tokens included
    withheld: Withheld

    def share(self, cells: Bool[np.ndarray, "query key"]) -> float:
        """How much of a whole row is in `cells`, mean over the shown queries."""
        return _share(self.weights, cells, self.whole)


def look(
    weights: Float[np.ndarray, "query key"],
    tokens: Sequence[Token],
    lens: Lens,
    allowed: Bool[np.ndarray, "query key"] | None = None,
) -> View:
    """One head's weights through the lens. Pairs that are not allowed are not shown."""
    return look_at([weights], tokens, lens, "mean", allowed)


def look_at(
    heads: Iterable[Float[np.ndarray, "query key"]],
    tokens: Sequence[Token],
    lens: Lens,
    how: Combination,
    allowed: Bool[np.ndarray, "query key"] | None = None,
) -> View:
    """Several heads' weights through the lens, combined to one."""
    places = _places(tokens, lens.unit)
    stays = np.array([not (lens.hide_special and place.is_special) for place in places])
    renormalised = lens.renormalise and lens.hide_special
    special_shares: list[float] = []

    def rows(weights: np.ndarray) -> np.ndarray:
        """What is left of a head's rows; hidden columns are kept where nothing follows them."""
        merged = merge(weights, places)[stays]
        hidden = np.broadcast_to(~stays, merged.shape)
        special_shares.append(_share(merged, hidden, merged.sum(axis=1)))
        return renormalise(merged[:, stays]) if renormalised else merged

    left = combined(map(rows, heads), how)
    whole = left.sum(axis=1, dtype=float)
    if not renormalised:
        left = left[:, stays]
    may = np.ones(left.shape, bool)
    if allowed is not None:
        may = merge(allowed.astype(float), places)[np.ix_(stays, stays)] > 0
    strongest = strong(left, lens)
    shown, weak = strongest & may, may & ~strongest
    return View(
        places=places_shown(tokens, lens),
        weights=left,
        shown=shown,
        whole=whole,
        withheld=Withheld(
            pieces_merged=sum(len(p.positions) for p in places if len(p.positions) > 1),
            no_words=_no_words(places, tokens) if lens.unit == "word" else 0,
            special_hidden=int((~stays).sum()),
            special_share=float(np.mean(special_shares)),
            renormalised=renormalised,
            rows_empty=int((whole == 0).sum()) if renormalised else 0,
            weak_hidden=int(weak.sum()),
            weak_share=_share(left, weak, whole),
            not_allowed=int((~may).sum()),
        ),
    )


def _share(weights: np.ndarray, cells: np.ndarray, whole: np.ndarray) -> float:
    if not weights.size:
        return 0.0
    sums = np.where(cells, weights, 0).sum(axis=1, dtype=float)
    shares: np.ndarray = np.divide(sums, whole, where=whole > 0, out=np.zeros_like(sums))
    return float(shares.mean())


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
    beyond = (merged > 1) & (merged < 1 + _ROUNDING)
    merged[beyond] = 1  # float32 sums of shares pass their own sum of 1
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

    return tuple(_place(list(group), unit) for _, group in groupby(tokens, key=group_of))


def _no_words(places: Sequence[Place], tokens: Sequence[Token]) -> int:
    unspaced = [is_unspaced(token.source) for token in tokens]
    return sum(any(unspaced[position] for position in place.positions) for place in places)


def _place(tokens: list[Token], unit: Unit) -> Place:
    whole = tokens[0].word_text if unit == "word" else ""
    return Place(
        text=whole or "".join(token.text for token in tokens),
        positions=tuple(token.position for token in tokens),
        is_special=tokens[0].is_special,
        is_unknown=any(token.is_unknown for token in tokens),
    )
