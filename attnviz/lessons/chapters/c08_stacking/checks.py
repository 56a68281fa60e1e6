"""The questions and their checkers, which share no code with any figure."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from jaxtyping import Float

from attnviz.core.intervention import heads_off
from attnviz.core.trace import Trace
from attnviz.experiments.cached_by_trace import cached_by_trace
from attnviz.lessons.chapters.c08_stacking.runs import hop_runs
from attnviz.lessons.options import answers
from attnviz.lessons.questions import Option, Outcome, Question
from attnviz.lessons.trace_values import question_word
from attnviz.lessons.trained import shipped
from attnviz.training.pointers import PLACES


def _lengths(trace: Trace, layer: int) -> Float[np.ndarray, "query key"]:
    """How long each token's term of z is, from x and the learned matrices, key by key."""
    learned, heads = trace.learned[layer], range(trace.model.heads)
    x = trace.residual(layer).astype(np.float64)
    v = np.split(x @ learned.value.weight + learned.value.bias, len(heads), axis=1)
    w_o = np.split(learned.output.weight.astype(np.float64), len(heads), axis=0)
    powers = np.exp(np.stack([trace.scores((layer, h)).astype(np.float64) for h in heads], axis=2))
    shares = powers / powers.sum(axis=1, keepdims=True)  # "query key head"
    for head, weights in trace.record(layer).changed_weights.items():
        shares[..., head] = weights
    shares[..., list(heads_off(trace.interventions, layer))] = 0
    lengths = np.zeros((len(x), len(x)))
    total = x + learned.output.bias
    for key in range(len(x)):
        term = shares[:, key] @ np.stack([v[h][key] @ w_o[h] for h in heads])
        total += term
        term[key] += x[key]
        centred = (term - term.mean(axis=1, keepdims=True)) * learned.norm.gain
        lengths[:, key] = np.sqrt((centred**2).sum(axis=1))
    lengths /= np.sqrt(total.var(axis=1, keepdims=True) + learned.norm.epsilon)
    return lengths


@cached_by_trace
def _own_left(trace: Trace) -> tuple[float, float]:
    """The word's own share after layer 0, and after the last: its row, from the top down."""
    at = question_word(trace).position
    row = np.zeros(len(trace.tokens))
    row[at] = 1
    first = 0.0
    for layer in reversed(range(trace.model.layers)):
        lengths = _lengths(trace, layer)
        shares = lengths / lengths.sum(axis=1, keepdims=True)
        first = float(shares[at, at])
        row = row @ shares
    return first, float(row[at])


def _own_share(trace: Trace) -> Outcome:
    _, last = _own_left(trace)
    return Outcome(last, rounded=f"{last:.3f}")


@cached_by_trace
def _first_shares(trace: Trace) -> Float[np.ndarray, " key"]:
    """The shares of each token in the word after layer 0."""
    lengths: Float[np.ndarray, " key"] = _lengths(trace, 0)[question_word(trace).position]
    return np.asarray(lengths / lengths.sum())


def _adds_most(trace: Trace) -> Outcome:
    at, shares = question_word(trace).position, _first_shares(trace)
    others = [token for token in trace.tokens if token.position != at]
    best = max(others, key=lambda token: float(shares[token.position]), default=None)
    numbers = {
        "best": "–" if best is None else best.name,
        "share": f"{0.0 if best is None else shares[best.position]:.3f}",
        "own": f"{shares[at]:.3f}",
    }
    return Outcome("none" if best is None else str(best.position), numbers)


def _others(trace: Trace) -> Sequence[Option]:
    """Every other token by its position, special ones too: a sentence may have one word."""
    at = question_word(trace).position
    options = [Option(str(t.position), t.name) for t in trace.tokens if t.position != at]
    return options or [Option("none")]


def _one_look(trace: Trace) -> Outcome:
    """By enumeration: a layer that sees two whole digits, its own and the one it points to.

    The query stands at place 0; by symmetry every other place is as good. No other place to
    look at would tell it more.
    """
    del trace
    answers_of: dict[tuple[int, int], list[int]] = {}
    for digits in product(range(PLACES), repeat=3):
        pointer, second, third = digits
        text = {0: pointer}
        text.setdefault(pointer, second)
        text.setdefault(text[pointer], third)
        answers_of.setdefault((pointer, text[pointer]), []).append(text[text[pointer]])
    best = [max(map(answers.count, answers)) for answers in answers_of.values()]
    right, cases = sum(best), sum(map(len, answers_of.values()))
    certain = sum(len(answers) for answers in answers_of.values() if len(set(answers)) == 1)
    trained = shipped()[hop_runs()[1]]
    numbers = {"known": f"{certain / cases:.3f}", "measured": f"{trained.accuracy:.3f}"}
    return Outcome(right / cases, numbers, f"{right / cases:.3f}")


def _width(trace: Trace) -> Outcome:
    before, after = len(trace.after_attention(0)[0]), len(trace.residual(1)[0])
    value = "same" if before == after else "less" if after < before else "more"
    return Outcome(value, {"before": before, "after": after})


QUESTIONS = (
    Question(
        name="adds",
        check=_adds_most,
        options=_others,
        asked=lambda _: {"layer": 0},
        beside="whose",
        before="shares",
    ),
    Question(
        name="own",
        check=_own_share,
        asked=lambda trace: {"first": f"{_own_left(trace)[0]:.2f}"},
        beside="stack",
        tolerance=lambda _: 0.10,
        before="whose",
    ),
    Question(
        name="one-look",
        check=_one_look,
        asked=lambda _: {"places": PLACES},
        tolerance=lambda _: 0.10,
        is_law=True,
        beside="shares",
        before="hops",
    ),
    Question(
        name="width",
        check=_width,
        options=answers("less", "same", "more"),
        is_law=True,
        beside="shares",
    ),
)
