"""Reverse: name the digit at the mirrored place. One look, so one head is enough."""

import numpy as np

from attnviz.training.ring import ALPHABET, DIGITS, LENGTH, draw
from attnviz.training.tasks import Answers, Targets, Task, Texts


def mirrored(texts: Texts) -> Answers:
    """The digits from the end to the start."""
    return texts[:, ::-1, None].copy()


def mirror(texts: Texts) -> Targets:
    """The place as far from the end as the query is from the start."""
    return np.tile(np.arange(LENGTH)[::-1], (1, len(texts), 1))


TASK = Task(
    name="reverse",
    alphabet=ALPHABET,
    target_names=("mirror",),
    choices=DIGITS,
    draw=draw,
    answers=mirrored,
    targets=mirror,
    steps=400,
)
