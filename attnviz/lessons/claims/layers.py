"""Layers, one on the other: what is the same, what is mixed, and what the note leaves out."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.apart import apart
from attnviz.analysis.mixing import mask_shares
from attnviz.analysis.recompute import add_and_norm, attention_block, largest_error
from attnviz.core.intervention import heads_off, masked_tokens
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.errors import LessonError
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.lessons.claims import (
    Case,
    Claim,
    Trial,
    holds_if,
    need_layers,
    need_words,
    portion,
    tiny,
)

TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here
CHANGED = 1e-5  # of the length of r: what float32 may change is less
ALL = 0.99  # of the pairs of words
FALLS = 0.05  # by which a share must fall


def _words(trace: Trace) -> Bool[np.ndarray, " token"]:
    return np.array([not token.is_special for token in trace.tokens])


def _to_mask(trace: Trace) -> Bool[np.ndarray, " token"]:
    """The words that can be masked: those that are not masked already.

    Raises:
        LessonError: if there is none.
    """
    words = _words(trace)
    words[list(masked_tokens(trace.interventions))] = False
    if not words.any():
        raise LessonError("all_words_masked")
    return words


def _same_computation(case: Case) -> Trial:
    trace = case.trace
    need_layers(trace)
    errors = [
        largest_error(
            trace.after_attention(layer),
            attention_block(
                trace.record(layer), trace.residual(layer), heads_off(trace.interventions, layer)
            ),
        )
        for layer in range(trace.model.layers)
    ]
    value = sum(error <= TOLERANCE for error in errors)
    weights = np.stack([learned.query.weight for learned in trace.learned])
    difference = apart(weights)[np.triu_indices(len(weights), 1)]
    numbers = {
        "value": value,
        "layers": len(errors),
        "error": tiny(max(errors)),
        "shape": " × ".join(map(str, weights.shape[1:])),
        "apart": f"{difference.min():.0%}",
    }
    return Trial(holds_if(value == len(errors)), numbers, float(value))


def others_change(
    moved: Float[np.ndarray, "query masked"],
    lengths: Float[np.ndarray, " query"],
    pairs: Bool[np.ndarray, "query masked"],
) -> float:
    """The share of the pairs in which masking the one token changes the vector of the other."""
    changes = moved > CHANGED * lengths[:, None]
    return float(changes[pairs].mean())


def _pairs(trace: Trace) -> Bool[np.ndarray, "query masked"]:
    """Every word, with every other that can be masked."""
    pairs: np.ndarray = np.outer(_words(trace), _to_mask(trace))
    np.fill_diagonal(pairs, val=False)
    return pairs


def _others_change(trace: Trace, depth: int) -> float:
    moved = each_token_masked(trace)[depth].astype(float)
    lengths = np.linalg.norm(trace.residual(depth).astype(float), axis=-1)
    return others_change(moved, lengths, _pairs(trace))


def _contains(case: Case) -> Trial:
    trace = case.trace
    need_words(trace, 2)
    value = _others_change(trace, 1)
    numbers = {
        "value": f"{value:.1%}",
        "pairs": int(_pairs(trace).sum()),
        "before": f"{_others_change(trace, 0):.1%}",
    }
    return Trial(holds_if(value >= ALL), numbers, value)


def narrower(r: Float[np.ndarray, "token numbers"], z: Float[np.ndarray, "token d_model"]) -> bool:
    """Whether r has fewer numbers a token than z."""
    return len(r[0]) < len(z[0])


def _feed_forward(case: Case) -> Trial:
    x, z, r = case.trace.residual(0), case.trace.after_attention(0), case.trace.residual(1)
    numbers = {"value": r.shape[-1], "z": z.shape[-1], "x": x.shape[-1]}
    return Trial(holds_if(narrower(r, z)), numbers, float(r.shape[-1]))


def _left_out(case: Case) -> Trial:
    """Three candidates for z: what attention wrote, x added to it, and both normalised."""
    trace = case.trace
    errors = []
    for layer, learned in enumerate(trace.learned):
        z, x, alone = (
            part.astype(float)
            for part in (
                trace.after_attention(layer),
                trace.residual(layer),
                trace.attention_output(layer),
            )
        )
        candidates = (alone, x + alone, add_and_norm(x, alone, learned.norm))
        errors.append([largest_error(z, candidate) for candidate in candidates])
    value, added, normalised = map(float, np.max(errors, axis=0))
    numbers = {
        "value": portion(value),
        "added": portion(added),
        "normalised": portion(normalised),
        "tokens": len(trace.tokens),
        "layers": len(errors),
    }
    return Trial(holds_if(value <= TOLERANCE), numbers, value)


def _own_shares(trace: Trace) -> Float[np.ndarray, " layer"]:
    """The mean share of a word's own token in its r, after each layer: the mask test."""
    shares = mask_shares(each_token_masked(trace))
    mean: np.ndarray = shares.diagonal(axis1=1, axis2=2)[:, _to_mask(trace)].mean(axis=1)
    return mean


def _richer(case: Case) -> Trial:
    need_layers(case.trace)
    shares = _own_shares(case.trace)
    value = float(shares[0] - shares[-1])
    numbers = {
        "value": printed(value, 3),
        "first": printed(float(shares[0]), 3),
        "last": printed(float(shares[-1]), 3),
        "layers": len(shares),
        "all_shares": " · ".join(printed(float(share), 3) for share in shares),
    }
    return Trial(holds_if(value >= FALLS), numbers, value)


CLAIMS = (
    Claim(
        name="C18",
        chapter=8,
        judge=_same_computation,
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C19",
        chapter=8,
        judge=_contains,
        rule_numbers={"changed": tiny(CHANGED), "all": f"{ALL:.0%}"},
    ),
    Claim(
        name="C21",
        chapter=8,
        judge=_feed_forward,
    ),
    Claim(
        name="C22",
        chapter=8,
        judge=_left_out,
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C23",
        chapter=8,
        judge=_richer,
        rule_numbers={"falls": FALLS},
    ),
)
