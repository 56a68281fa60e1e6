"""The questions and their checkers, which share no code with any figure."""

import numpy as np

from attnviz.core.trace import Trace
from attnviz.lessons.options import answers, words
from attnviz.lessons.questions import Outcome, Question
from attnviz.lessons.trace_values import question_head, question_word


def _replaced(trace: Trace) -> Outcome:
    """Compute all q of a head twice, once with one row of X replaced, and count what differs."""
    layer, head = question_head(trace)
    d, at = trace.model.d_head, question_word(trace).position
    columns = trace.learned[layer].query.weight[:, head * d : (head + 1) * d].astype(np.float64)
    before = trace.residual(layer).astype(np.float64)
    after = before.copy()
    after[at] = before[(at + 1) % len(before)]
    changed = [
        i for i in range(len(before)) if not np.allclose(before[i] @ columns, after[i] @ columns)
    ]
    value = "own" if changed == [at] else "all" if len(changed) == len(before) else "none"
    return Outcome(value, {"changed": len(changed)})


def _longest(trace: Trace) -> Outcome:
    """X W_Q + b in float64, and the length of each row."""
    layer, head = question_head(trace)
    d = trace.model.d_head
    block = slice(head * d, (head + 1) * d)
    learned = trace.learned[layer].query
    content = [token.position for token in trace.tokens if not token.is_special]
    x = trace.residual(layer)[content].astype(np.float64)
    q = x @ learned.weight[:, block].astype(np.float64) + learned.bias[block]
    lengths = np.sqrt((q * q).sum(axis=1))
    best = content[int(lengths.argmax())]
    numbers = {
        "best": trace.tokens[best].name,
        "length": f"{lengths.max():.2f}",
        "shortest": f"{lengths.min():.2f}",
    }
    return Outcome(str(best), numbers)


QUESTIONS = (
    Question(
        name="longest",
        check=_longest,
        asked=lambda trace: {"head": question_head(trace)},
        options=words,
        beside="projections",
        in_picture=True,
    ),
    Question(
        name="replaced",
        check=_replaced,
        options=answers("own", "all", "none"),
        is_law=True,
        beside="toy",
    ),
)
