"""The model run again with heads off or tokens masked, beyond the trace of the sentence.

Every experiment is a pure function of a trace, done once and shared. It changes the run that
the trace is of: what was off or masked there stays so, and is off or masked in the control too.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from attnviz.capture.reading import read
from attnviz.capture.run import trace as run
from attnviz.capture.variants import residuals
from attnviz.core.intervene import HeadOff, Intervention, TokenMasked
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, LessonError
from attnviz.experiments.once import once
from attnviz.models.load import Model, control_of, load

FEW = 12  # variants of one pass where the next ones may not be needed
MOST_TOKENS = 96  # an experiment with one run a token or head ends here, and says so


def model_of(trace: Trace) -> Model:
    """The model of a trace, to run it again.

    Raises:
        LessonError: if it is an encoder of our own, which has no name to load it by, or if
            other weights go by that name now.
        CaptureError: if the trace is of given weights.
    """
    card = trace.model
    if card.source == "given":
        raise CaptureError("only_weights")
    if card.source == "trained":
        raise LessonError("cannot_run_again", model=card)
    model = load(card.name)
    if model.card.revision != card.revision:
        raise LessonError("other_weights", model=card)
    return model


def changed(trace: Trace, interventions: Sequence[Intervention]) -> Trace:
    """The same sentence with interventions besides those that the trace has."""
    added = [one for one in interventions if one not in trace.interventions]
    if not added:
        return trace
    return run(trace.text, model_of(trace), trace.pair, [*trace.interventions, *added])


@once
def control(trace: Trace) -> Trace:
    """The same sentence, changed in the same way, in the same architecture with random weights."""
    return run(trace.text, control_of(model_of(trace)), trace.pair, trace.interventions)


def sentence_vector(
    last: Float[np.ndarray, "*variant token d_model"],
) -> Float[np.ndarray, "*variant d_model"]:
    """The mean of the last r over all tokens: how all-MiniLM-L6-v2 makes a sentence's vector."""
    mean: np.ndarray = last.astype(np.float64).mean(axis=-2)
    return mean


def moved(
    before: Float[np.ndarray, " d_model"], after: Float[np.ndarray, "*variant d_model"]
) -> Float[np.ndarray, "*variant"]:
    """1 − cosine: 0 where a sentence vector kept its direction.

    As half the squared distance of the two directions, which is exactly 0 for equal vectors.
    """
    one, other = (v / np.sqrt((v**2).sum(axis=-1, keepdims=True)) for v in (before, after))
    return np.asarray(((other - one) ** 2).sum(axis=-1) / 2)


@once
def each_head_off(trace: Trace) -> Float[np.ndarray, "layer head"]:
    """How far the sentence vector moves (1 − cosine) when one head is switched off.

    Michel et al. 2019, §3.1, with the sentence vector in the place of a score.
    """
    variants = [[HeadOff(*head)] for head in trace.heads]
    return _moves(trace, variants).reshape(trace.model.layers, trace.model.heads)


@once
def least_first_off(trace: Trace) -> Float[np.ndarray, " heads_off"]:
    """How far it moves with the 1, 2, … least important heads off, one more each time."""
    return _growing(trace, np.argsort(each_head_off(trace), axis=None, kind="stable"))


@once
def most_first_off(trace: Trace) -> Float[np.ndarray, " heads_off"]:
    """The same, most important first."""
    return _growing(trace, np.argsort(-each_head_off(trace), axis=None, kind="stable"))


@once
def random_first_off(trace: Trace) -> Float[np.ndarray, " heads_off"]:
    """The same in one random order, from seed 0."""
    return _growing(trace, np.random.default_rng(0).permutation(len(trace.heads)))


def _growing(trace: Trace, order: np.ndarray) -> np.ndarray:
    off = [HeadOff(*trace.heads[index]) for index in order]
    return _moves(trace, [off[: count + 1] for count in range(len(off))])


def _moves(trace: Trace, variants: Sequence[Sequence[Intervention]]) -> np.ndarray:
    new, after = _again(trace, variants)
    moves = np.zeros(len(variants))
    before = sentence_vector(trace.residual(trace.model.layers))
    moves[new] = moved(before, sentence_vector(after[:, -1]))
    return moves


@once
def each_token_masked(trace: Trace) -> Float[np.ndarray, "depth query masked"]:
    """How far each r moves, ‖r − r′‖, when one token is masked, at every depth from 0.

    Raises:
        LessonError: if the sentence is long.
        InterventionError: if the model has no mask token.
    """
    before = np.stack([trace.residual(depth) for depth in range(trace.model.layers + 1)])
    new, after = _again(trace, [[TokenMasked(token.position)] for token in trace.tokens])
    distances = np.zeros((*before.shape[:2], len(trace.tokens)), np.float32)
    distances[..., new] = np.linalg.norm(after - before, axis=-1).transpose(1, 2, 0)
    return distances


def _again(
    trace: Trace, variants: Sequence[Sequence[Intervention]]
) -> tuple[list[int], Float[np.ndarray, "new depth token d_model"]]:
    """Which variants change the trace, and the residual stream of each of these.

    The others, with heads that are off already, are the trace itself: no run is needed, and
    nothing moves, not even by rounding.

    Raises:
        LessonError: if the sentence is long.
        InterventionError: if the model has no such head, token or mask token.
    """
    check_length(trace)
    model, given = model_of(trace), trace.interventions
    new = [index for index, one in enumerate(variants) if not set(one) <= set(given)]
    if not new:
        sizes = (0, trace.model.layers + 1, *trace.residual(0).shape)
        return new, np.zeros(sizes, np.float32)
    reading = read(trace.text, trace.pair, model)
    return new, residuals(reading, model, [[*given, *variants[index]] for index in new])


def last_of_each(trace: Trace, variants: Sequence[Sequence[Intervention]]) -> Iterator[np.ndarray]:
    """The last r of each variant, "token d_model"; runs are made as they are asked for.

    Raises:
        LessonError: if the sentence is long.
        InterventionError: if the model has no such head, token or mask token.
    """
    for start in range(0, len(variants), FEW):
        few = variants[start : start + FEW]
        new, after = _again(trace, few)
        last = dict(zip(new, after[:, -1], strict=True))
        for index in range(len(few)):
            yield last.get(index, trace.residual(trace.model.layers))


def check_length(trace: Trace) -> None:
    """Refuse an experiment on a long sentence.

    Raises:
        LessonError: if the sentence is beyond `MOST_TOKENS`.
    """
    if len(trace.tokens) > MOST_TOKENS:
        raise LessonError("too_many_tokens", tokens=len(trace.tokens), most=MOST_TOKENS)
