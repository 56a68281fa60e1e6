"""What the pointer tasks share: each digit is the address of a place."""

from functools import partial

import numpy as np

from attnviz.models.small.alphabet import Alphabet
from attnviz.training.tasks import Answers, Targets, Task, Texts

PLACES = 8
ADDRESSES = tuple("01234567")
ALPHABET = Alphabet(ADDRESSES, fewest=PLACES, most=PLACES, example="31415026")


def hops_task(name: str, hops: int) -> Task:
    """At each place, follow its digit that many times, and name the digit found there."""
    return Task(
        name=name,
        alphabet=ALPHABET,
        target_names=tuple(f"hop{hop}" for hop in range(1, hops + 1)),
        choices=ADDRESSES,
        draw=_draw,
        answers=partial(_found, hops=hops),
        targets=partial(_followed, hops=hops),
        steps=150,
        needs_layers=hops,
    )


def _draw(generator: np.random.Generator, texts: int) -> Texts:
    return generator.integers(PLACES, size=(texts, PLACES))


def _followed(texts: Texts, hops: int) -> Targets:
    """The place after each hop. The digits themselves are the places after the first."""
    places = [texts]
    while len(places) < hops:
        places.append(np.take_along_axis(texts, places[-1], axis=1))
    return np.stack(places)  # "hop text query"


def _found(texts: Texts, hops: int) -> Answers:
    return np.take_along_axis(texts, _followed(texts, hops)[-1], axis=1)[..., None]
