"""One head in one sentence, from the numbers that are shown, on this text alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.measures import row_entropies
from attnviz.analysis.offset import at_offset
from attnviz.analysis.received import widely_received
from attnviz.core.maps import Place
from attnviz.core.tokens import Token

MOSTLY = 0.5  # a share that makes a pattern (Clark et al. 2019 call a head by this)
EVENLY = 0.85  # of the entropy of a uniform spread, from which a spread counts as even
ROUNDING = 1e-5  # of the sum of a row in float32


@dataclass(frozen=True, slots=True)
class Description:
    """What a head does here: a pattern, its share, and how wide it looks."""

    pattern: str  # previous, next, self, before, after, token, first, even, none: in the catalogue
    share: float  # of the strongest simple pattern
    strongest: str  # which pattern that is
    token: str  # the token that receives the most; with its place where others have its text
    distance: int  # of `before` and `after`, in tokens
    entropy: float | None  # nats; None where a row does not sum to 1, and is no distribution
    most_entropy: float  # that of a uniform spread over what is allowed: ln n without a mask


def describe(
    weights: Float[np.ndarray, "query key"],
    places: Sequence[Token | Place],
    allowed: Bool[np.ndarray, "query key"] | None = None,
    *,
    queries_are_keys: bool = True,
) -> Description:
    """The simple pattern that holds most of a head's attention, or none.

    A pattern needs more than half of the attention; an even spread an entropy of at
    least 85 % of that of a uniform spread. Otherwise there is no simple pattern. What is
    hidden counts as 0, and what is not allowed nowhere. `places` are the keys; offsets mean
    something only where they are the queries too.
    """
    may = None if allowed is None else allowed[None]
    favourite = widely_received(weights[None], may)[0]  # " key"
    offset, far = _farther(weights) if queries_are_keys else (2, 0.0)
    shares = _beside(weights[None], may) if queries_are_keys else {}
    shares[_named(int(favourite.argmax()), places, allowed)] = float(favourite.max())
    shares["before" if offset < 0 else "after"] = far
    strongest = max(shares, key=lambda name: shares[name])
    spread, widest = _entropy(weights), _uniform(weights, allowed)
    pattern = "none"
    if shares[strongest] > MOSTLY:
        pattern = strongest
    elif spread is not None and spread >= EVENLY * widest > 0:
        pattern = "even"
    return Description(
        pattern=pattern,
        share=shares[strongest],
        strongest=strongest,
        token=_told_apart(int(favourite.argmax()), places),
        distance=abs(offset),
        entropy=spread,
        most_entropy=widest,
    )


def _named(
    chosen: int, places: Sequence[Token | Place], allowed: Bool[np.ndarray, "query key"] | None
) -> str:
    """A token that all look at: the first one, behind a mask that lets everybody see it, or any."""
    is_first = chosen == 0 and _position(places[0]) == 0
    is_seen = allowed is not None and bool(allowed[:, 0].all())
    return "first" if is_first and is_seen else "token"


def _position(place: Token | Place) -> int:
    return place.position if isinstance(place, Token) else place.positions[0]


def _beside(
    one_head: Float[np.ndarray, "1 query key"], allowed: Bool[np.ndarray, "1 query key"] | None
) -> dict[str, float]:
    """The shares of a token and of those beside it."""
    offsets = {"previous": -1, "next": 1, "self": 0}
    return {name: float(at_offset(one_head, at, allowed)[0]) for name, at in offsets.items()}


def _uniform(
    weights: Float[np.ndarray, "query key"], allowed: Bool[np.ndarray, "query key"] | None
) -> float:
    """The entropy of rows that are uniform over what is allowed, mean over rows, in nats."""
    if allowed is None:
        return float(np.log(weights.shape[1]))
    return float(np.log(np.maximum(allowed.sum(axis=1), 1)).mean())


def _told_apart(chosen: int, places: Sequence[Token | Place]) -> str:
    place = places[chosen]
    alone = sum(other.text == place.text for other in places) == 1
    return place.text if alone else place.name


def _entropy(weights: Float[np.ndarray, "query key"]) -> float | None:
    whole = np.allclose(weights.sum(axis=1), 1, rtol=0, atol=ROUNDING)
    return float(row_entropies(weights).mean()) if whole else None


def _farther(weights: Float[np.ndarray, "query key"]) -> tuple[int, float]:
    """The offset of two tokens or more that holds the most attention, and its share.

    The share is of all queries, also of those that have no key so far away: an offset that
    only few of them have makes no pattern.
    """
    tokens = len(weights)
    offsets = [offset for offset in range(1 - tokens, tokens) if abs(offset) > 1]
    if not offsets:
        return 2, 0.0
    shares = [float(np.trace(weights, offset)) / tokens for offset in offsets]
    best = int(np.argmax(shares))
    return offsets[best], shares[best]
