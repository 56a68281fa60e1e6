"""The rank of a learned matrix."""

import numpy as np
from jaxtyping import Float


def rank(matrix: Float[np.ndarray, "input output"], lost: float) -> int:
    """How many directions a matrix passes on: singular values above `lost` of the largest."""
    strengths = np.linalg.svd(matrix.astype(float), compute_uv=False)
    return int((strengths > lost * strengths[0]).sum())
