"""Heads off in order: how much a model can do without."""

from typing import Literal

import numpy as np
from jaxtyping import Float

from attnviz.capture.interventions.head_off import heads_off
from attnviz.core.trace import Trace
from attnviz.experiments import experiment
from attnviz.experiments.each_head_off import each_head_off
from attnviz.experiments.sentence_vector import moves

Order = Literal["least", "random", "most"]  # important first; random is one order, from seed 0


@experiment
def heads_off_in_order(trace: Trace, order: Order = "least") -> Float[np.ndarray, " heads_off"]:
    """How far the sentence vector moves with 1, 2, … heads off, one more each time."""
    off = heads_off(trace.heads[index] for index in _ranked(trace, order))
    return moves(trace, [off[: count + 1] for count in range(len(off))])


def _ranked(trace: Trace, order: Order) -> np.ndarray:
    if order == "random":
        return np.random.default_rng(0).permutation(len(trace.heads))
    importance = each_head_off(trace)
    return np.argsort(importance if order == "least" else -importance, axis=None, kind="stable")
