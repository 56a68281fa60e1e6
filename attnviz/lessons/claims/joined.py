"""The heads joined: concatenated, and multiplied by W_O."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.rank import rank
from attnviz.analysis.recompute import add_and_norm, largest_error
from attnviz.core.trace import Trace
from attnviz.lessons.claims import Case, Claim, Trial, holds_if, tiny

LOST = 1e-6  # of the strongest direction: below, float32 tells nothing from zero
TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here


def _ranks(trace: Trace) -> list[int]:
    return [rank(learned.output.weight, LOST) for learned in trace.learned]


def _reduces(case: Case) -> Trial:
    trace = case.trace
    concat, d_model = trace.learned[0].output.weight.shape
    ranks = _ranks(trace)
    numbers = {
        "value": max(ranks),
        "least": min(ranks),
        "concat": concat,
        "d_model": d_model,
        "heads": trace.model.heads,
        "d_head": concat // trace.model.heads,
        "layers": trace.model.layers,
    }
    return Trial(holds_if(max(ranks) < concat), numbers, float(max(ranks)))


def _summed(trace: Trace, layer: int) -> Float[np.ndarray, "token d_model"]:
    """What the heads write, one after the other and each word alone, plus the bias of W_O."""
    z, total = trace.head_output(layer), trace.learned[layer].output.bias.astype(float)
    for head in range(trace.model.heads):
        total = total + z[head].astype(float) @ trace.output_projection((layer, head))
    return total


def _fully_connected(case: Case) -> Trial:
    trace = case.trace
    value = max(
        largest_error(
            trace.after_attention(layer),
            add_and_norm(trace.residual(layer), _summed(trace, layer), trace.norm(layer)),
        )
        for layer in range(trace.model.layers)
    )
    numbers = {
        "value": tiny(value),
        "heads": trace.model.heads,
        "inputs": len(trace.learned[0].output.weight),
        "tokens": len(trace.tokens),
        "layers": trace.model.layers,
    }
    return Trial(holds_if(value <= TOLERANCE), numbers, value)


CLAIMS = (
    Claim(
        name="C8",
        chapter=4,
        judge=_reduces,
        rule_numbers={"lost": tiny(LOST)},
    ),
    Claim(
        name="C9",
        chapter=4,
        judge=_fully_connected,
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
)
