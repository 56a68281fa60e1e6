"""Whether rows are distributions: given weights need not be."""

import numpy as np
from jaxtyping import Float

from attnviz.core.attention import Scored
from attnviz.core.heads import Kind
from attnviz.core.tiles import EVERY
from attnviz.core.trace import Trace
from attnviz.core.weights import row_sums
from attnviz.digits import at_least, at_most
from attnviz.errors import CaptureError

FLOAT32 = 1e-5  # how far the rounding of float32 may bring the sum of a softmax
_NEAR = 2**-9  # a sum in float32 that is no farther from 1 leaves no doubt
BFLOAT16 = 2**-8  # how far the rounding of bfloat16 may bring the sum of a distribution


def taken_by_sinks(
    record: object, weights: Float[np.ndarray, "*axes query key"]
) -> Float[np.ndarray, "*axes query"] | None:
    """What learned sinks take of each row (gpt-oss); None where a record has none."""
    return _taken(weights) if _has_sinks(record) else None


def check_distribution(weights: Float[np.ndarray, "*axes query key"]) -> None:
    """Make sure that every row sums to 1, but for the rounding of the coarsest format.

    Raises:
        CaptureError: if one does not.
    """
    quick = weights @ np.ones(weights.shape[-1], weights.dtype)  # "*axes query"
    if quick.size and np.abs(quick - 1).max() <= _NEAR:
        return
    low, high = row_sums(weights)
    if not 1 - BFLOAT16 <= low <= high <= 1 + BFLOAT16:
        raise CaptureError("no_distribution", low=at_least(low, 4), high=at_most(high, 4))


def sum_to_one(low: float, high: float) -> bool:
    """Whether row sums from `low` to `high` are 1 but for the rounding of float32."""
    return 1 - FLOAT32 <= low <= high <= 1 + FLOAT32


def whole_rows(
    trace: Trace, layer: int, queries: slice = EVERY, kind: Kind = "self"
) -> Float[np.ndarray, "head query key_or_sink"]:
    """The weights of a layer, of all queries or some, as distributions to tell heads apart."""
    return with_sink(trace, trace.layer_weights(layer, kind, queries))


def with_sink(
    trace: Trace, weights: Float[np.ndarray, "*head query key"]
) -> Float[np.ndarray, "*head query key_or_sink"]:
    """Rows of weights with what a learned sink takes (gpt-oss) as one more key, the last.

    In every layer of a model that has sinks in one.
    """
    if not any(_has_sinks(record) for record in trace.attention.values()):
        return weights
    whole: np.ndarray = np.concatenate([weights, _taken(weights)[..., None]], axis=-1)
    return whole


def _taken(weights: Float[np.ndarray, "*axes query key"]) -> Float[np.ndarray, "*axes query"]:
    taken: np.ndarray = np.maximum(1 - weights.sum(axis=-1, dtype=float), 0).astype(weights.dtype)
    return taken


def _has_sinks(record: object) -> bool:
    return isinstance(record, Scored) and record.sinks is not None
