"""Spare heads: how many can go before the sentence vector has moved.

The check of `heads_off_in_order`: it decides step by step, and takes the cosine itself.
"""

import numpy as np
from jaxtyping import Float

from attnviz.capture.interventions import head_off
from attnviz.core.trace import Trace
from attnviz.experiments import experiment
from attnviz.experiments.rerun import last_of_each


@experiment
def spare_heads(trace: Trace, limit: float = 0.05) -> int:
    """How many heads can go, least important first, until it moves by more than `limit`.

    Raises:
        LessonError: if the sentence is long.
    """
    before = trace.residual(trace.model.layers)
    alone = last_of_each(trace, [head_off.heads_off([head]) for head in trace.heads])
    moves = {head: _distance(before, r) for head, r in zip(trace.heads, alone, strict=True)}
    by_move = sorted(trace.heads, key=lambda head: moves[head])
    order = head_off.heads_off(by_move)
    count = 0
    for after in last_of_each(trace, [order[: n + 1] for n in range(len(order))]):
        if _distance(before, after) > limit:
            break
        count += 1
    return count


def _distance(
    before: Float[np.ndarray, "token d_model"], after: Float[np.ndarray, "token d_model"]
) -> float:
    """1 − cosine of the means over all tokens."""
    one, other = (r.astype(np.float64).mean(axis=0) for r in (before, after))
    return 1 - float(one @ other) / float(np.sqrt(one @ one) * np.sqrt(other @ other))
