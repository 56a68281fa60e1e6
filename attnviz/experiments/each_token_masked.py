"""Each token masked: what each vector holds of each token."""

import numpy as np
from jaxtyping import Float

from attnviz.capture.interventions.token_masked import masked
from attnviz.core.trace import Trace
from attnviz.experiments import experiment
from attnviz.experiments.rerun import variants_of


@experiment
def each_token_masked(trace: Trace) -> Float[np.ndarray, "depth query masked"]:
    """How far each r moves, ‖r − r′‖, when one token is masked, at every depth from 0.

    Raises:
        LessonError: if the sentence is long.
        InterventionError: if the model has no mask token.
    """
    before = np.stack([trace.residual(depth) for depth in range(trace.model.layers + 1)])
    new, after = variants_of(trace, [masked([token.position]) for token in trace.tokens])
    distances = np.zeros((*before.shape[:2], len(trace.tokens)), np.float32)
    distances[..., new] = np.linalg.norm(after - before, axis=-1).transpose(1, 2, 0)
    return distances
