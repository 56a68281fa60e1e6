"""Induction: say what followed last time. Random letters, in which a part comes again.

Olsson et al. 2022, "In-context Learning and Induction Heads". One layer cannot look for what
stands after a letter, since a key knows its own letter and place alone. Of two layers, the
first looks at the letter before, so that the second finds what the same letter was before.
"""

import numpy as np

from attnviz.models.small.alphabet import Alphabet
from attnviz.training.tasks import NOTHING, Answers, Targets, Task, Texts

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
SHORTEST, LONGEST = 8, 24
_LEAST = 2  # letters that come again


def draw(generator: np.random.Generator, texts: int) -> Texts:
    """Random letters; in each text a part of its own comes again, anywhere after it."""
    length = int(generator.integers(SHORTEST, LONGEST + 1))
    letters = generator.integers(len(LETTERS), size=(texts, length))
    part = generator.integers(_LEAST, length // 2 + 1, size=(texts, 1))
    again = generator.integers(part, length - part + 1)
    first = generator.integers(again - part + 1)
    places = np.arange(length)
    is_again = (again <= places) & (places < again + part)
    drawn: Texts = np.take_along_axis(
        letters, np.where(is_again, places - again + first, places), axis=1
    )
    return drawn


def looks(texts: Texts) -> Targets:
    """To the letter before; and to the one after where the query's letter stood last."""
    count, length = texts.shape
    places = np.arange(length)
    same = (texts[:, :, None] == texts[:, None, :]) & (places < places[:, None])
    last = np.where(same, places, NOTHING).max(axis=-1)  # "text query"
    before = np.broadcast_to(places - 1, (count, length))  # NOTHING at the first
    return np.stack([before, np.where(last == NOTHING, NOTHING, last + 1)])  # "target text query"


def followers(texts: Texts) -> Answers:
    """The letter that followed last time; nothing is asked where a letter stands first."""
    target = looks(texts)[1]
    letters = np.take_along_axis(texts, np.maximum(target, 0), axis=1)
    return np.where(target == NOTHING, NOTHING, letters)[..., None]


TASK = Task(
    name="induction",
    alphabet=Alphabet(LETTERS, fewest=SHORTEST, most=LONGEST, example="magpiefoxmagpie"),
    target_names=("before", "followed"),
    choices=LETTERS,
    draw=draw,
    answers=followers,
    targets=looks,
    steps=1200,
    needs_layers=2,
    d_model=16,
    is_causal=True,
)
