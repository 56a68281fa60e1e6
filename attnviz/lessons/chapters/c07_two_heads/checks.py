"""The questions and their checkers, which share no code with any figure."""

import numpy as np

from attnviz.analysis import recompute
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.options import words
from attnviz.lessons.questions import Numbers, Outcome, Question
from attnviz.lessons.trace_values import check_own_weights, question_head

_NOTES = HeadId(2, 1)  # where the chapter begins, if the model has it


def _first(trace: Trace) -> HeadId:
    return _NOTES if _NOTES in trace.heads else question_head(trace)


def _weights(trace: Trace, head: HeadId) -> np.ndarray:
    """The head's weights in float64, from its q and k; "query key"."""
    check_own_weights(trace, head)
    weights: np.ndarray = recompute.weights(trace.record(head.layer))[head.head]
    return weights


def _seen(trace: Trace, head: HeadId, special: str) -> tuple[np.ndarray, list[int]]:
    """The weights of the picture, and the positions that it shows."""
    weights = _weights(trace, head)
    at = [t.position for t in trace.tokens if special == "shown" or not t.is_special]
    left = weights[np.ix_(at, at)]
    if special == "shown":
        return left, at
    sums = left.sum(axis=1, keepdims=True)
    return left / np.where(sums > 0, sums, 1), at  # a row with nothing left stays so


def _hub(trace: Trace, head: HeadId | None = None, special: str = "hidden") -> Outcome:
    """The word whose column of weights has the largest sum."""
    weights, at = _seen(trace, head or _first(trace), special)
    sums = dict(zip(at, weights.sum(axis=0).tolist(), strict=True))
    content = [t.position for t in trace.tokens if not t.is_special]
    best = max(content, key=sums.__getitem__)
    strongest = sum(int(np.argmax(row)) == at.index(best) for row in weights)
    numbers = {
        "best": trace.tokens[best].name,
        "sum": f"{sums[best]:.2f}",
        "rows": len(at),
        "words": len(content),
        "strongest": strongest,
    }
    return Outcome(str(best), numbers)


def _on_self(trace: Trace, head: HeadId | None = None, special: str = "hidden") -> Outcome:
    """Row by row: no weight of the row is above the token's own."""
    weights, at = _seen(trace, head or _first(trace), special)
    count = int((weights.max(axis=1) <= weights.diagonal()).sum())
    share = f"{100 * count / len(at):.0f} %"
    return Outcome(float(count), {"share": share})


def _on_special(trace: Trace, head: HeadId | None = None) -> Outcome:
    """The share of the special tokens in each row, averaged."""
    special = [token.position for token in trace.tokens if token.is_special]
    weights = _weights(trace, head or _first(trace))
    share = float(weights[:, special].sum(axis=1).mean())
    names = " ".join(dict.fromkeys(trace.tokens[at].text for at in special)) or "–"
    return Outcome(share, {"names": names}, f"{share:.3f}")


def _asked(trace: Trace, head: HeadId | None = None, special: str = "hidden") -> Numbers:
    return {"head": head or _first(trace), "rows": _rows(trace, head, special)}


def _rows(trace: Trace, head: HeadId | None = None, special: str = "hidden") -> int:
    """How many tokens the picture shows."""
    del head
    return sum(special == "shown" or not token.is_special for token in trace.tokens)


QUESTIONS = (
    Question(
        name="hub",
        check=_hub,
        asked=_asked,
        options=words,
        follows=("head", "special"),
        beside="lines",
        in_picture=True,
    ),
    Question(
        name="self",
        check=_on_self,
        asked=_asked,
        span=lambda trace, **about: (0.0, float(_rows(trace, **about))),
        step=1.0,
        tolerance=lambda trace, **about: _rows(trace, **about) / 10,
        follows=("head", "special"),
        beside="lines",
    ),
    Question(
        name="special",
        check=_on_special,
        asked=_asked,
        tolerance=lambda _, **__: 0.10,
        follows=("head",),
        beside="map",
    ),
)
