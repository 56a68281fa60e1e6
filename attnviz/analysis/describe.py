"""One head in one sentence, from the numbers that are shown, on this text alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.analysis.lens import Place
from attnviz.analysis.measures.entropy import entropy
from attnviz.analysis.offset import at_offset
from attnviz.analysis.received import received
from attnviz.core.trace import Token

MOSTLY = 0.5  # a share that makes a pattern (Clark et al. 2019 call a head by this)
EVENLY = 0.85  # of ln n, from which a spread counts as even
ROUNDING = 1e-5  # of the sum of a row in float32


@dataclass(frozen=True, slots=True)
class Description:
    """What a head does here: a pattern, its share, and how wide it looks."""

    pattern: str  # previous, next, self, before, after, token, even, none: in the catalogue
    share: float  # of the strongest simple pattern
    strongest: str  # which pattern that is
    token: str  # the token that receives the most; with its place where others have its text
    distance: int  # of `before` and `after`, in tokens
    entropy: float | None  # nats; None where a row does not sum to 1, and is no distribution
    most_entropy: float  # ln n


def describe(
    weights: Float[np.ndarray, "query key"], places: Sequence[Token | Place]
) -> Description:
    """The simple pattern that holds most of a head's attention, or none.

    A pattern needs more than half of the attention; an even spread an entropy of at
    least 85 % of ln n. Otherwise there is no simple pattern. What is hidden counts as 0.
    """
    one_head = weights[None]
    favourite = received(weights)
    offset, far = _farther(weights)
    shares = {
        "previous": float(at_offset(one_head, -1)[0]),
        "next": float(at_offset(one_head, 1)[0]),
        "self": float(at_offset(one_head, 0)[0]),
        "token": float(favourite.max()),
        "before" if offset < 0 else "after": far,
    }
    strongest = max(shares, key=lambda name: shares[name])
    spread, widest = _entropy(weights), float(np.log(len(places)))
    pattern = "none"
    if shares[strongest] > MOSTLY:
        pattern = strongest
    elif spread is not None and spread >= EVENLY * widest:
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


def _told_apart(chosen: int, places: Sequence[Token | Place]) -> str:
    place = places[chosen]
    alone = sum(other.text == place.text for other in places) == 1
    return place.text if alone else place.name


def _entropy(weights: Float[np.ndarray, "query key"]) -> float | None:
    whole = np.allclose(weights.sum(axis=1), 1, rtol=0, atol=ROUNDING)
    return float(entropy(weights[None], ())[0]) if whole else None


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
