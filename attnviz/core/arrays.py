"""Arrays of any framework, as NumPy's: tensors, masked arrays, nested lists of them."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from attnviz.errors import CaptureError

_TO_MEMORY = ("detach", "cpu", "resolve_neg", "to_dense")  # what a tensor may need, in this order


def real_numbers(value: Any) -> Shaped[np.ndarray, "..."]:
    """A NumPy array of real numbers, masked where `value` is a masked array.

    Takes what NumPy takes, tensors that carry a gradient or lie on another device, formats
    that NumPy lacks (bfloat16), and lists of all of these.

    Raises:
        CaptureError: if parts differ in shape, or hold something else than real numbers.
    """
    if _holds_arrays(value):
        return _stacked([real_numbers(part) for part in value])
    try:
        array = _array(value)
    except ValueError as error:
        raise CaptureError("array_ragged") from error
    if array.dtype.kind not in "biuf" and "float" not in array.dtype.name:
        raise CaptureError("array_kind", kind=array.dtype.name)
    return array


def _holds_arrays(value: Any) -> bool:
    """Whether a list holds arrays or tensors, at whatever depth."""
    if not isinstance(value, list | tuple):
        return False
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return hasattr(value, "__array__") or hasattr(value, "detach")


def _stacked(parts: list[np.ndarray]) -> np.ndarray:
    if len({part.shape for part in parts}) > 1:
        raise CaptureError("array_ragged")
    masked = any(isinstance(part, np.ma.MaskedArray) for part in parts)
    stacked: np.ndarray = np.ma.stack(parts) if masked else np.stack(parts)
    return stacked


def _array(value: Any) -> np.ndarray:
    kind = getattr(value, "dtype", type(value).__name__)
    try:
        for name in _TO_MEMORY:
            step = getattr(value, name, None)
            value = step() if callable(step) else value
        try:
            return np.asanyarray(value)
        except TypeError:  # a format that NumPy lacks: float32 holds each of its numbers
            return np.asanyarray(value.float())
    except (TypeError, AttributeError, RuntimeError, OverflowError) as error:
        raise CaptureError("array_kind", kind=kind) from error
