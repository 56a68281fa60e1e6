"""Count brackets: after each bracket, say how many are open.

A count is a mean times a length: a head that looks at all brackets so far alike knows which
share of them is open, and the place says of how many. So no single token is a target.
"""

import numpy as np

from attnviz.models.small.alphabet import Alphabet
from attnviz.training.tasks import NOTHING, Answers, Targets, Task, Texts
from attnviz.training.tasks.brackets import CLOSE, LONGEST, OPEN


def draw(generator: np.random.Generator, texts: int) -> Texts:
    """Brackets of which none closes what is not open. Some texts open readily, some seldom."""
    length = int(generator.integers(2, LONGEST + 1))
    opens = generator.random((texts, length)) < generator.random((texts, 1))
    drawn = np.empty((texts, length), int)
    depth = np.zeros(texts, int)
    for place in range(length):
        is_open = opens[:, place] | (depth == 0)
        drawn[:, place] = np.where(is_open, OPEN, CLOSE)
        depth += np.where(is_open, 1, -1)
    return drawn


def still_open(texts: Texts) -> Answers:
    """How many are open; nothing is asked once one was closed that was not open."""
    depth = np.cumsum(np.where(texts == OPEN, 1, -1), axis=1)
    was_below = np.minimum.accumulate(depth, axis=1) < 0
    return np.where(was_below, NOTHING, depth)[..., None]


def no_targets(texts: Texts) -> Targets:
    """All brackets so far count alike."""
    return np.empty((0, *texts.shape), int)


TASK = Task(
    name="count-brackets",
    alphabet=Alphabet(("(", ")"), fewest=2, most=LONGEST, example="(()(()))"),
    target_names=(),
    choices=tuple(str(count) for count in range(LONGEST + 1)),
    draw=draw,
    answers=still_open,
    targets=no_targets,
    steps=1500,
    d_model=16,
    is_causal=True,
)
