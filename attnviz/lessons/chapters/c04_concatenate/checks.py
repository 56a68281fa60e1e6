"""The questions and their checkers, which share no code with any figure."""

import numpy as np

from attnviz.analysis import recompute
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import error_at_most, printed
from attnviz.errors import LessonError
from attnviz.lessons.options import answers, heads_of_layer
from attnviz.lessons.questions import Option, Outcome, Question
from attnviz.lessons.trace_values import heads_on, question_layer, question_word

SHOWN = 1  # numbers of the z that is asked about, as many as are drawn


def width(trace: Trace) -> Outcome:
    """The widths of W_O alone, from its own shape."""
    layer = question_layer(trace)
    concat, out = trace.learned[layer].output.weight.shape
    value = "same" if out == concat else "narrower" if out < concat else "wider"
    return Outcome(value, {"concat": concat, "out": out})


def _largest(trace: Trace) -> Outcome:
    """Weights × v × W_O of each head in float64, from q and k on."""
    layer, at = question_layer(trace), question_word(trace).position
    w_o = trace.learned[layer].output.weight.astype(np.float64)
    z = recompute.blend(trace.record(layer))[:, at]
    d = z.shape[-1]
    z[sorted(set(range(len(z))) - set(_on(trace, layer)))] = 0
    lengths = [
        float(np.linalg.norm(head_z @ w_o[head * d : (head + 1) * d]))
        for head, head_z in enumerate(z)
    ]
    best = int(np.argmax(lengths))
    share = 100 * lengths[best] / sum(lengths)
    numbers = {
        "best": HeadId(layer, best),
        "length": f"{lengths[best]:.3f}",
        "share": f"{share:.1f} %",
    }
    return Outcome(str(best), numbers)


def _on(trace: Trace, layer: int) -> list[int]:
    """The heads of a layer that write.

    Raises:
        LessonError: if all are switched off.
    """
    on = heads_on(trace, layer)
    if not on:
        raise LessonError("all_heads_off")
    return on


def _candidates(trace: Trace) -> list[tuple[int, int]]:
    """Up to four z of one layer, token and head, in an order that the sentence decides.

    The heads are two that write: the z of others are 0, and none tells one from another. No
    two z begin with the same digits: each could be the one that is shown.
    """
    random = np.random.default_rng(sum(map(ord, trace.text)))
    at = question_word(trace).position
    heads = random.permutation(_on(trace, question_layer(trace)))
    head, other_head = int(heads[0]), int(heads[-1])
    elsewhere = (at + 1) % len(trace.tokens)
    pairs = [(elsewhere, other_head), (elsewhere, head), (at, other_head), (at, head)]
    distinct = list({_digits(_first_of(trace, *pair)): pair for pair in pairs}.values())
    return [distinct[i] for i in random.permutation(len(distinct))]


def _which(trace: Trace) -> Outcome:
    """Look for the shown numbers among all z, recomputed from q, k and v in float64."""
    shown_numbers, z = _shown_z(trace), recompute.blend(trace.record(question_layer(trace)))
    off = {
        f"t{at}h{head}": float(np.abs(z[head, at, :SHOWN] - shown_numbers).max())
        for at, head in _candidates(trace)
    }
    nearest = min(off, key=lambda name: off[name])
    return Outcome(nearest, {"error": error_at_most(off[nearest])})


def _shown_z(trace: Trace) -> np.ndarray:
    """The first numbers of the z that the question shows."""
    heads = sorted(_candidates(trace))
    return _first_of(trace, *heads[sum(map(ord, trace.text)) % len(heads)])


def _first_of(trace: Trace, at: int, head: int) -> np.ndarray:
    return trace.head_output(question_layer(trace))[head, at, :SHOWN]


def _digits(numbers: np.ndarray) -> str:
    return ", ".join(printed(float(number), 4) for number in numbers)


def _z_options(trace: Trace) -> list[Option]:
    layer = question_layer(trace)
    return [
        Option(
            f"t{at}h{head}",
            f"z · {trace.tokens[at].name} · {HeadId(layer, head)}",
        )
        for at, head in _candidates(trace)
    ]


QUESTIONS = (
    Question(
        name="width",
        check=width,
        asked=lambda trace: width(trace).numbers,
        options=answers("narrower", "same", "wider"),
        is_law=True,
        before="strip",
        in_picture=True,
    ),
    Question(
        name="which-z",
        check=_which,
        asked=lambda trace: {"shown": _digits(_shown_z(trace))},
        options=_z_options,
        beside="strip",
        in_picture=True,
    ),
    Question(
        name="largest",
        check=_largest,
        asked=lambda trace: {"layer": question_layer(trace)},
        options=heads_of_layer,
        before="sum",
        beside="sum",
    ),
)
