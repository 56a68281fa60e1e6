"""Sentence vector: one vector for a whole sentence, and how far it turns."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.core.intervention import Intervention
from attnviz.core.trace import Trace
from attnviz.experiments.rerun import variants_of


def sentence_vector(
    last: Float[np.ndarray, "*variant token d_model"],
) -> Float[np.ndarray, "*variant d_model"]:
    """The mean of the last r over all tokens: how all-MiniLM-L6-v2 makes a sentence's vector."""
    mean: np.ndarray = last.astype(np.float64).mean(axis=-2)
    return mean


def moved(
    before: Float[np.ndarray, " d_model"], after: Float[np.ndarray, "*variant d_model"]
) -> Float[np.ndarray, "*variant"]:
    """1 − cosine: 0 where a sentence vector kept its direction.

    As half the squared distance of the two directions, which is exactly 0 for equal vectors.
    """
    one, other = (v / np.sqrt((v**2).sum(axis=-1, keepdims=True)) for v in (before, after))
    return np.asarray(((other - one) ** 2).sum(axis=-1) / 2)


def moves(
    trace: Trace, variants: Sequence[Sequence[Intervention]]
) -> Float[np.ndarray, " variant"]:
    """How far each variant moves it; 0 where a variant changes nothing that is not changed.

    Raises:
        LessonError: if the sentence is long.
        InterventionError: if the model has no such head, token or mask token.
    """
    new, after = variants_of(trace, variants)
    found = np.zeros(len(variants))
    before = sentence_vector(trace.residual(trace.model.layers))
    found[new] = moved(before, sentence_vector(after[:, -1]))
    return found
