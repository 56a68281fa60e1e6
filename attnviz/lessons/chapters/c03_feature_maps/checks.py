"""The questions and their checkers, which share no code with any figure."""

from attnviz.analysis import recompute
from attnviz.core.trace import Trace
from attnviz.lessons.facts import head_asked, name, need_own_weights
from attnviz.lessons.options import words
from attnviz.lessons.questions import Outcome, Question

WIDER = 5


def _wider(trace: Trace) -> Outcome:
    """Each offset that a filter reads wants one head: count them."""
    del trace
    offsets = range(-(WIDER // 2), WIDER // 2 + 1)
    return Outcome(float(len(offsets)), {"needed": len(offsets), "half": WIDER // 2})


def _most_seen(trace: Trace) -> Outcome:
    """The sum of each column of the weights, recomputed from q and k in float64."""
    layer, head = head_asked(trace)
    need_own_weights(trace, head_asked(trace))
    seen = recompute.weights(trace.record(layer))[head].sum(axis=0)
    content = [token.position for token in trace.tokens if not token.is_special]
    best = max(content, key=lambda position: seen[position])
    special = sum(seen[t.position] for t in trace.tokens if t.is_special)
    said = {
        "best": name(trace.tokens[best]),
        "share": f"{100 * seen[best] / len(seen):.1f} %",
        "special": f"{100 * special / len(seen):.1f} %",
    }
    return Outcome(str(best), said)


QUESTIONS = (
    Question(
        name="most-seen",
        check=_most_seen,
        asked=lambda trace: {"head": head_asked(trace)},
        options=words,
        before="wall",
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
