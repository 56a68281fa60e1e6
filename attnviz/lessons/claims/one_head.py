"""One set of q, k, v: one representation, a mix of the v's, a filter."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis import convolution
from attnviz.analysis.allowed import allowed_in_layer
from attnviz.analysis.fixed import variation
from attnviz.analysis.recompute import blend, largest_error
from attnviz.core.trace import Trace
from attnviz.core.weights import softmax
from attnviz.digits import printed
from attnviz.lessons import note_example
from attnviz.lessons.claims import Case, Claim, Trial, all_heads_on, holds_if, over_heads, tiny

TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here
FIXED = 0.1  # of its attention may lie elsewhere in a pattern that counts as fixed
HARD = 800.0  # a score whose e to the minus is 0: all weight on one token


def _one_representation(case: Case) -> Trial:
    trace = case.trace
    on = all_heads_on(trace)
    value = max(
        largest_error(trace.head_output(layer)[heads], blend(trace.record(layer))[heads])
        for layer, heads in on.items()
    )
    count = sum(map(len, on.values()))
    numbers = {
        "value": tiny(value),
        "all_heads": count,
        "tokens": len(trace.tokens),
        "vectors": count * len(trace.tokens),
    }
    return Trial(holds_if(value <= TOLERANCE), numbers, value)


def outside(
    mixed: Float[np.ndarray, "*head token d_head"], values: Float[np.ndarray, "*head token d_head"]
) -> int:
    """How many entries of z lie outside the range of their v's, the smallest to the largest."""
    above = mixed - values.max(axis=-2, keepdims=True)
    below = values.min(axis=-2, keepdims=True) - mixed
    return int((np.maximum(above, below) > TOLERANCE * np.abs(values).max()).sum())


def _values(trace: Trace, layer: int) -> Float[np.ndarray, "head token d_head"]:
    """The values that each head reads; heads may share them."""
    record = trace.record(layer)
    return record.shared(record.values, slice(None)).astype(float)


def _mix(case: Case) -> Trial:
    trace = case.trace
    scores = (
        note_example.X
        @ note_example.W_Q
        @ (note_example.X @ note_example.W_K).T
        / note_example.DIVISOR
    )
    first, second = softmax(scores)[0]
    on = all_heads_on(trace)
    mixed = {layer: trace.head_output(layer)[heads].astype(float) for layer, heads in on.items()}
    values = {layer: _values(trace, layer)[heads] for layer, heads in on.items()}
    value = sum(outside(z, values[layer]) for layer, z in mixed.items())
    numbers = {
        "value": value,
        "entries": f"{sum(z.size for z in mixed.values()):,}",
        "first": printed(float(first), 6),
        "second": printed(float(second), 6),
        "first_rounded": printed(float(first), 2),
        "second_rounded": printed(float(second), 2),
        "all_heads": sum(map(len, on.values())),
    }
    return Trial(holds_if(value == 0), numbers, float(value))


def _variations(trace: Trace) -> Float[np.ndarray, "layer head"]:
    return np.stack(
        [
            variation(trace.layer_weights(layer).astype(float), allowed_in_layer(trace, layer))
            for layer in range(trace.model.layers)
        ]
    )


def _filters(case: Case) -> Trial:
    trace = case.trace
    variations = _variations(trace)
    x = trace.residual(0).astype(float)
    kernel = convolution.kernel(x.shape[1])
    filtered = convolution.convolution(x, kernel)
    value = float(variations.mean())
    numbers = {
        "value": f"{value:.1%}",
        "fixed": int((variations <= FIXED).sum()),
        "all_heads": variations.size,
        "most": f"{FIXED:.0%}",
        "offsets": " / ".join(
            f"{o:+d}".replace("-", "−") if o else "0" for o in convolution.OFFSETS
        ),
        "needed": len(convolution.OFFSETS),
        "error": tiny(largest_error(filtered, convolution.heads(x, kernel, HARD))),
    }
    return Trial(over_heads(variations <= FIXED, value <= FIXED), numbers, value)


CLAIMS = (
    Claim(
        name="C1",
        chapter=2,
        judge=_one_representation,
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C2",
        chapter=2,
        judge=_mix,
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C3",
        chapter=3,
        judge=_filters,
        rule_numbers={"most": f"{FIXED:.0%}"},
    ),
)
