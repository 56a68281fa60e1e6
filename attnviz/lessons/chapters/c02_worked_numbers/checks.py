"""The questions and their checkers, which share no code with any figure."""

import math

import numpy as np

from attnviz.analysis import recompute
from attnviz.core.trace import Trace
from attnviz.lessons import note_example
from attnviz.lessons.options import answers, words
from attnviz.lessons.questions import Outcome, Question
from attnviz.lessons.trace_values import check_own_weights, question_head, question_word

ADDED = 100


def _undivided(trace: Trace) -> Outcome:
    """By hand: 1 / (1 + e^(k₂ − k₁)), from the dot products of the rows alone."""
    del trace
    q = [
        sum(x * w for x, w in zip(note_example.X[0].tolist(), column, strict=True))
        for column in note_example.W_Q.T.tolist()
    ]
    rows = [
        [
            sum(x * w for x, w in zip(word_, column, strict=True))
            for column in note_example.W_K.T.tolist()
        ]
        for word_ in note_example.X.tolist()
    ]
    product, other_product = (sum(a * b for a, b in zip(q, k, strict=True)) for k in rows)
    share = 1 / (1 + math.exp(other_product - product))
    return Outcome(
        share,
        {"one": product, "other": other_product, "gap": product - other_product},
        f"{share:.7f}",
    )


def _added(trace: Trace) -> Outcome:
    del trace
    before = math.exp(14 - 12) / (1 + math.exp(14 - 12))
    after = math.exp(14 + ADDED - (12 + ADDED)) / (1 + math.exp(14 + ADDED - (12 + ADDED)))
    value = "same" if math.isclose(before, after) else "more" if after > before else "less"
    return Outcome(value, {"before": f"{before:.6f}", "after": f"{after:.6f}"})


def _most(trace: Trace) -> Outcome:
    """The word with the largest weight, in float64, from q and k."""
    layer, head = question_head(trace)
    check_own_weights(trace, question_head(trace))
    record, at = trace.record(layer), question_word(trace).position
    weights = recompute.weights(record)[head][at]
    content = [token.position for token in trace.tokens if not token.is_special]
    best = max(content, key=lambda position: float(weights[position]))
    q, k = (
        array.astype(np.float64)
        for array in (record.queries[head], record.shared(record.keys, head))
    )
    numbers = {
        "best": trace.tokens[best].name,
        "product": f"{float(np.dot(k[best], q[at])):.2f}",
        "share": f"{float(weights[best]):.4f}",
    }
    return Outcome(str(best), numbers)


QUESTIONS = (
    Question(
        name="undivided",
        check=_undivided,
        asked=lambda trace: _undivided(trace).numbers,
        tolerance=lambda _: 0.02,
        is_law=True,
        beside="note",
        before="division",
    ),
    Question(
        name="added",
        check=_added,
        asked=lambda _: {"added": ADDED},
        options=answers("more", "same", "less"),
        is_law=True,
        beside="division",
    ),
    Question(
        name="most",
        check=_most,
        asked=lambda trace: {"head": question_head(trace)},
        options=words,
        beside="keys",
        before="live",
        in_picture=True,
    ),
)
