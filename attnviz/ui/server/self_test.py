"""The self-test: one weight matrix that is known, computed again when the server starts.

The numbers were computed with transformers' own eager attention, not with this package.
"""

import numpy as np

from attnviz.capture.run import trace
from attnviz.core.heads import HeadId

TEXT = "Thinking Machines"
HEAD = HeadId(1, 8)
TOLERANCE = 1e-3
KNOWN = np.array(
    [
        [0.9445, 0.0120, 0.0243, 0.0191],
        [0.1200, 0.0166, 0.8547, 0.0087],
        [0.3328, 0.0012, 0.0805, 0.5854],
        [0.8535, 0.0009, 0.0004, 0.1451],
    ]
)


def largest_difference() -> float:
    """How far the computed weights are from the known ones, at most.

    Raises:
        ModelError: if the embedded model cannot be loaded.
    """
    weights = trace(TEXT).weights(HEAD)
    if weights.shape != KNOWN.shape:
        return 1.0  # as far as a weight can be
    return float(np.abs(weights - KNOWN).max())
