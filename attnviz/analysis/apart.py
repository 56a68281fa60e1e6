"""How far apart learned matrices are, relative to their size."""

import numpy as np
from jaxtyping import Float


def apart(matrices: Float[np.ndarray, "item input output"]) -> Float[np.ndarray, "item item"]:
    """‖A − B‖ ÷ √((‖A‖² + ‖B‖²) / 2), in Frobenius norms, for every two of them.

    0: equal. √2: as far apart as matrices that have nothing to do with each other. 2: opposite.
    """
    flat = matrices.reshape(len(matrices), -1).astype(float)  # "item number"
    products = flat @ flat.T  # "item item"
    mean_square = (products.diagonal()[:, None] + products.diagonal()) / 2
    ratio = np.divide(products, mean_square, where=mean_square > 0, out=np.ones_like(products))
    distance: np.ndarray = np.sqrt(np.maximum(0, 2 - 2 * ratio))
    return distance
