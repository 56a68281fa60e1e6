"""Agreement: whether weights · v of what was recorded is the z that the model went on with.

A mask, a bias or a scale that reached the attention function in a way that is not recorded shows
here. Every capture is held against it, so it is made to cost little: a few queries, in the
precision that they have, and once more in float64 only where that is not close enough.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from attnviz.core.attention import AttentionRecord
from attnviz.models import precision
from attnviz.models.streams import array_of


def went_on(record: AttentionRecord, answers: Sequence[Tensor], dtype: torch.dtype) -> bool:
    """Whether a model that runs in `dtype` went on with weights · v, for a few queries.

    `answers` are z "batch query head d_value" as torch gave it, with changed weights, and with
    all changes. Weights that an intervention left are held against the z that came of them; what
    it did to z itself, against what W_O was given.
    """
    queries = len(record.concat)
    rows = sorted({0, queries // 2, queries - 1})
    few = replace(
        record,
        queries=record.queries[:, rows],
        allowed=_rows(record.allowed, rows),
        added=_rows(record.added, rows),
        changed_scores={},
        changed_weights={},
        concat=record.concat[rows],
    )
    largest = float(np.abs(record.values).max())
    close = precision.tolerance(dtype) * largest
    known: dict[int, np.ndarray] = {}  # as a rule nothing is changed, and all three are one
    if _is_one(record.concat, answers[-1]):
        known[id(answers[-1])] = few.head_output
    for answer in answers:
        if id(answer) not in known:
            known[id(answer)] = _of_rows(answer, rows)
    plain, attended, given = (known[id(answer)] for answer in answers)  # "head row d_value"
    if not _are_close(few.head_output, given, close):
        return False
    changed = {
        head: record.weights(head)[rows] @ record.shared(record.values, head)  # "row d_value"
        for head in {*record.changed_scores, *record.changed_weights}
    }

    def blends(record: AttentionRecord, error: float) -> bool:
        z = record.blend()  # "head row d_value"
        if not _are_close(z, plain, error):
            return False
        for head, of_changed in changed.items():
            z[head] = of_changed
        return attended is plain or _are_close(z, attended, error)

    if blends(few, close):
        return True
    exact = replace(few, queries=few.queries.astype(np.float64))
    return blends(exact, close + _coarse(exact, dtype) * largest)


def _coarse(record: AttentionRecord, dtype: torch.dtype) -> float:
    """How far the rounding of scores may move a weight, in the precision that scores have."""
    scores = record.scores(slice(None))
    largest = float(np.abs(scores[np.isfinite(scores)]).max(initial=0))
    in_own_code = record.softcap is not None or record.sinks is not None  # torch's is in float32
    return precision.coarseness(dtype if in_own_code else torch.float32, largest)


def _is_one(concat: np.ndarray, z: Tensor) -> bool:
    """Whether W_O was given z itself, in the same memory: then nothing lies between."""
    same: bool = concat.__array_interface__["data"][0] == z.data_ptr()
    return same and concat.size == z.numel() and z.is_contiguous() and concat.flags.c_contiguous


def _are_close(found: np.ndarray, expected: np.ndarray, error: float) -> bool:
    """Whether all numbers are; NaN is close to none."""
    return found.shape == expected.shape and bool((np.abs(found - expected) <= error).all())


def _of_rows(z: Tensor, rows: Sequence[int]) -> np.ndarray:
    """Z of some queries, "head row d_value": only they leave an accelerator."""
    few = array_of(z)[rows] if z.device == precision.CPU else array_of(z[:, rows])
    return few.transpose(1, 0, 2)


def _rows(array: np.ndarray | None, rows: Sequence[int]) -> np.ndarray | None:
    """Those of some queries, of an array "#head #query key"."""
    return array if array is None or array.shape[1] == 1 else array[:, rows]
