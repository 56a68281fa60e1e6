"""Spare heads: how many can go before the sentence vector has moved, one trace at a time.

The check of `heads_off_in_order`, which it shares no computation with: it runs the model once
for each step, as `attnviz.trace` does, and takes the cosine itself.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.experiments import experiment
from attnviz.experiments.rerun import check_length, heads_off


@experiment
def spare_heads(trace: Trace, limit: float = 0.05) -> int:
    """How many heads can go, least important first, until it moves by more than `limit`.

    Raises:
        LessonError: if the sentence is long.
    """
    check_length(trace)
    before = trace.residual(trace.model.layers).astype(np.float64).mean(axis=0)
    order = sorted(trace.heads, key=lambda head: _distance(trace, before, [head]))
    count = 0
    while count < len(order) and _distance(trace, before, order[: count + 1]) <= limit:
        count += 1
    return count


def _distance(trace: Trace, before: Float[np.ndarray, " d_model"], off: Sequence[HeadId]) -> float:
    """1 − cosine of the vectors before and with heads off."""
    run = heads_off(trace, off)
    after = run.residual(run.model.layers).astype(np.float64).mean(axis=0)
    cosine = float(before @ after) / float(np.sqrt(before @ before) * np.sqrt(after @ after))
    return 1 - cosine
