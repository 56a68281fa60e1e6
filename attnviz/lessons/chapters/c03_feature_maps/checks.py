"""The questions and their checkers, which share no code with any figure."""

from attnviz.analysis import recompute
from attnviz.core.trace import Trace
from attnviz.lessons.options import words
from attnviz.lessons.questions import Outcome, Question
from attnviz.lessons.trace_values import check_own_weights, question_head

WIDER = 5


def _wider(trace: Trace) -> Outcome:
    """Each offset that a filter reads wants one head: count them."""
    del trace
    offsets = range(-(WIDER // 2), WIDER // 2 + 1)
    return Outcome(float(len(offsets)), {"half": WIDER // 2})


def _most_seen(trace: Trace) -> Outcome:
    """The sum of each column of the weights, recomputed from q and k in float64."""
    layer, head = question_head(trace)
    check_own_weights(trace, question_head(trace))
    column_sums = recompute.weights(trace.record(layer))[head].sum(axis=0)
    content = [token.position for token in trace.tokens if not token.is_special]
    best = max(content, key=lambda position: column_sums[position])
    special = sum(column_sums[t.position] for t in trace.tokens if t.is_special)
    numbers = {
        "best": trace.tokens[best].name,
        "share": f"{100 * column_sums[best] / len(column_sums):.1f} %",
        "special": f"{100 * special / len(column_sums):.1f} %",
    }
    return Outcome(str(best), numbers)


QUESTIONS = (
    Question(
        name="most-seen",
        check=_most_seen,
        asked=lambda trace: {"head": question_head(trace)},
        options=words,
        beside="stack",
        in_picture=True,
    ),
    Question(
        name="wider",
        check=_wider,
        asked=lambda _: {"wider": WIDER},
        span=lambda _: (1.0, 9.0),
        step=1.0,
        is_law=True,
        beside="convolution",
    ),
)
