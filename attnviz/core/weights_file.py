"""A file of weights: an .npz or .json that says what `Trace.from_weights` takes, by its names.

`weights` "layer head query key" and `tokens`; and if there are any, `keys` (then it is cross
attention), `allowed`, `special` and a `title`.
"""

import io
import json
import zipfile
from typing import Any

import numpy as np

from attnviz.core.trace import Trace
from attnviz.errors import CaptureError

MOST_MB = 32  # unpacked
_NEEDED = ("tokens", "weights")
_MORE = ("special", "title", "allowed", "keys")
_ZIP = b"PK"


def read_weights(data: bytes, title: str) -> Trace:
    """The trace of a file's weights, called `title` unless it says what it is called.

    Nothing in a file is run: no pickle is read.

    Raises:
        CaptureError: if it is no such file, or its weights are none.
    """
    given = _arrays(data) if data.startswith(_ZIP) else _json(data)
    named = {name: given[name] for name in (*_NEEDED, *_MORE) if given.get(name) is not None}
    if missing := [name for name in _NEEDED if name not in named]:
        raise CaptureError("weights_file_lacks", missing=", ".join(missing))
    return Trace.from_weights(**{"title": title, **named})


def _arrays(data: bytes) -> dict[str, Any]:
    """The arrays of an .npz; texts as lists of them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(part.file_size for part in packed.infolist())
        known = _unpacked(data) if size <= MOST_MB * 10**6 else None
    except Exception as problem:  # of any kind, by what is damaged, locked or not as it says
        raise CaptureError("weights_file_damaged") from problem
    if known is None:
        raise CaptureError("weights_file_large", most=MOST_MB)
    return known


def _unpacked(data: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        known = {name: file[name] for name in (*_NEEDED, *_MORE) if name in file}
    return {name: one.tolist() if one.dtype.kind in "UiT" else one for name, one in known.items()}


def _json(data: bytes) -> dict[str, Any]:
    try:
        given = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise CaptureError("weights_file_damaged") from problem
    if not isinstance(given, dict):
        raise CaptureError("weights_file_lacks", missing=", ".join(_NEEDED))
    return given
