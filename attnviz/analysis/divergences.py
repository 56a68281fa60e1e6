"""How different the heads of one layer are, every two of them."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.distribution import check_distribution

_TINY = np.finfo(float).tiny  # makes 0 · log 0 a 0, and is lost beside any other weight


def divergences(weights: Float[np.ndarray, "head query key"]) -> Float[np.ndarray, "head head"]:
    """The Jensen–Shannon divergence of every two heads, mean over queries, in bits.

    As entropies: H((p + q) / 2) − (H(p) + H(q)) / 2, so that each head's own is computed once
    (Lin 1991, eq. 4.1). 0: alike. 1: never at the same token.

    Raises:
        CaptureError: if rows are no distributions.
    """
    check_distribution(weights)
    heads = len(weights)
    own = np.array([_entropy(head) for head in weights])
    bits = np.zeros((heads, heads))
    for one in range(heads):
        for other in range(one):
            mixed = _entropy((weights[one] + weights[other]) / 2)
            bits[one, other] = bits[other, one] = max(0.0, mixed - (own[one] + own[other]) / 2)
    return bits


def _entropy(rows: Float[np.ndarray, "query key"]) -> float:
    return float(-(rows * np.log2(rows + _TINY)).sum(axis=-1).mean())
