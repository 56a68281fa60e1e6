"""Brackets: for each bracket, name the place of its partner."""

from functools import cache

import numpy as np

from attnviz.models.small.alphabet import Alphabet
from attnviz.training.tasks import NOTHING, Answers, Targets, Task, Texts

LONGEST = 16
OPEN, CLOSE = 0, 1


@cache
def balanced(pairs: int) -> Texts:
    """All balanced texts with that many pairs (the Catalan number of them)."""
    texts: list[list[int]] = []

    def grow(start: list[int], opened: int) -> None:
        if len(start) == 2 * pairs:
            texts.append(start)
            return
        if opened < pairs:
            grow([*start, OPEN], opened + 1)
        if len(start) < 2 * opened:
            grow([*start, CLOSE], opened)

    grow([], 0)
    return np.array(texts)


def draw(generator: np.random.Generator, texts: int) -> Texts:
    """Balanced texts of one length, each with the same chance."""
    choices = balanced(int(generator.integers(1, LONGEST // 2 + 1)))
    drawn: Texts = choices[generator.integers(len(choices), size=texts)]
    return drawn


def partners(texts: Texts) -> Targets:
    """The place of each bracket's partner. A bracket without one has no target."""
    found = np.full((1, *texts.shape), NOTHING)
    for text, places in zip(texts, found[0], strict=True):
        still_open: list[int] = []
        for place, bracket in enumerate(text):
            if bracket == OPEN:
                still_open.append(place)
            elif still_open:
                partner = still_open.pop()
                places[[place, partner]] = partner, place
    return found


def partner_places(texts: Texts) -> Answers:
    """The target is the answer."""
    places: Targets = partners(texts)[0]
    return places[..., None]


TASK = Task(
    name="brackets",
    alphabet=Alphabet(("(", ")"), fewest=2, most=LONGEST, example="(()(()))"),
    target_names=("partner",),
    choices=tuple(str(place) for place in range(LONGEST)),
    draw=draw,
    answers=partner_places,
    targets=partners,
    steps=400,
    needs_layers=2,
)
