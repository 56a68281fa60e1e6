"""Each head off: how much one head matters."""

import numpy as np
from jaxtyping import Float

from attnviz.capture.interventions.head_off import heads_off
from attnviz.core.trace import Trace
from attnviz.experiments import experiment
from attnviz.experiments.sentence_vector import moves


@experiment
def each_head_off(trace: Trace) -> Float[np.ndarray, "layer head"]:
    """How far the sentence vector moves (1 − cosine) when one head is switched off.

    Michel et al. 2019, §3.1, with the sentence vector in the place of a score.
    """
    variants = [heads_off([head]) for head in trace.heads]
    return moves(trace, variants).reshape(trace.model.layers, trace.model.heads)
