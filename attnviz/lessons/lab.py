"""The lab: what a lesson asks of the model itself, beyond the trace of the sentence.

Every experiment is a pure function of a trace, done once and shared.
"""

import numpy as np
from jaxtyping import Float

from attnviz.errors import CaptureError, LessonError
from attnviz.lessons.once import once
from attnviz.models.load import Model, control_of, load
from attnviz.tracing.capture import trace as run
from attnviz.tracing.intervene import HeadOff, Intervention, TokenMasked
from attnviz.tracing.reading import read
from attnviz.tracing.record import Trace
from attnviz.tracing.variants import residuals

MOST_TOKENS = 96  # an experiment with one run a token or head ends here, and says so


def model_of(trace: Trace) -> Model:
    """The model of a trace, to run it again.

    Raises:
        LessonError: if it is an encoder of our own, which has no name to load it by.
        CaptureError: if the trace is of given weights, which no model here has computed.
    """
    if trace.model.source == "given":
        raise CaptureError("only_weights")
    if trace.model.source == "trained":
        raise LessonError("cannot_run_again", model=trace.model.title)
    return load(trace.model.name)


def changed(trace: Trace, interventions: list[Intervention]) -> Trace:
    """The same sentence with interventions."""
    return run(trace.text, model_of(trace), trace.pair, interventions)


@once
def control(trace: Trace) -> Trace:
    """The same sentence in the same architecture with random weights."""
    return run(trace.text, control_of(model_of(trace)), trace.pair)


def sentence_vector(
    last: Float[np.ndarray, "*variant token d_model"],
) -> Float[np.ndarray, "*variant d_model"]:
    """The mean of the last r over all tokens: how all-MiniLM-L6-v2 makes a sentence's vector."""
    mean: np.ndarray = last.astype(np.float64).mean(axis=-2)
    return mean


def moved(
    before: Float[np.ndarray, " d_model"], after: Float[np.ndarray, "*variant d_model"]
) -> Float[np.ndarray, "*variant"]:
    """1 − cosine: 0 where a sentence vector kept its direction."""
    lengths = np.linalg.norm(before) * np.linalg.norm(after, axis=-1)
    return np.asarray(1 - (after @ before) / lengths)


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


def _moves(trace: Trace, variants: list[list[HeadOff]]) -> np.ndarray:
    check_length(trace)
    model = model_of(trace)
    last = residuals(read(trace.text, trace.pair, model), model, variants)[:, -1]
    before = sentence_vector(trace.residual(trace.model.layers))
    return moved(before, sentence_vector(last))


@once
def each_token_masked(trace: Trace) -> Float[np.ndarray, "depth query masked"]:
    """How far each r moves, ‖r − r′‖, when one token is masked, at every depth from 0.

    Raises:
        LessonError: if the sentence is long.
        InterventionError: if the model has no mask token.
    """
    check_length(trace)
    model = model_of(trace)
    variants = [[TokenMasked(token.position)] for token in trace.tokens]
    after = residuals(read(trace.text, trace.pair, model), model, variants)
    before = np.stack([trace.residual(depth) for depth in range(trace.model.layers + 1)])
    distances: np.ndarray = np.linalg.norm(after - before, axis=-1)
    return distances.transpose(1, 2, 0)


def check_length(trace: Trace) -> None:
    """Refuse an experiment on a long sentence.

    Raises:
        LessonError: if the sentence is beyond `MOST_TOKENS`.
    """
    if len(trace.tokens) > MOST_TOKENS:
        raise LessonError("too_many_tokens", tokens=len(trace.tokens), most=MOST_TOKENS)
