"""The questions and their checkers, which share no code with any figure."""

from attnviz.analysis import recompute
from attnviz.core.trace import Trace
from attnviz.lessons.options import answers
from attnviz.lessons.questions import Outcome, Question
from attnviz.lessons.trace_values import check_own_weights, question_head


def _self_strongest(trace: Trace) -> Outcome:
    """Row by row, in float64: no weight of the row is above the token's own."""
    layer, head = question_head(trace)
    check_own_weights(trace, question_head(trace))
    weights = recompute.weights(trace.record(layer))[head]
    count = int((weights.max(axis=1) <= weights.diagonal()).sum())
    return Outcome(float(count), {"count": count, "share": f"{100 * count / len(weights):.0f} %"})


def _on_special(trace: Trace) -> Outcome:
    """The share of [CLS] and [SEP] in each row, recomputed in float64, averaged."""
    layer, head = question_head(trace)
    special = [token.position for token in trace.tokens if token.is_special]
    weights = recompute.weights(trace.record(layer))[head]
    share = float(weights[:, special].sum(axis=1).mean())
    value = "special" if share > 0.5 else "words"
    return Outcome(value, {"share": f"{100 * share:.1f} %", "special": len(special)})


QUESTIONS = (
    Question(
        name="self",
        check=_self_strongest,
        asked=lambda trace: {"head": question_head(trace)},
        span=lambda trace: (0.0, float(len(trace.tokens))),
        step=1.0,
        tolerance=lambda trace: len(trace.tokens) / 10,
    ),
    Question(
        name="special",
        check=_on_special,
        asked=lambda trace: {"head": question_head(trace)},
        options=answers("special", "words"),
    ),
)
