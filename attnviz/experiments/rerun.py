"""The model of a trace, run again with more changed than in the trace."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from jaxtyping import Float

from attnviz.capture.interventions import head_off
from attnviz.capture.reading import read
from attnviz.capture.run import trace as run
from attnviz.capture.variants import residuals
from attnviz.core.heads import AnyHead
from attnviz.core.intervention import Intervention
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, LessonError
from attnviz.models.load import Model, load

FEW = 12  # variants of one pass, where most may not be needed
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
    if card.source in ("trained", "memory"):
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
    return run(
        trace.text,
        model_of(trace),
        trace.pair,
        [*trace.interventions, *added],
        target=trace.target,
    )


def heads_off(trace: Trace, heads: Iterable[AnyHead]) -> Trace:
    """The same sentence with these heads off too."""
    return changed(trace, head_off.heads_off(heads))


def variants_of(
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


def last_of_each(
    trace: Trace, variants: Sequence[Sequence[Intervention]]
) -> Iterator[Float[np.ndarray, "token d_model"]]:
    """The last r of each variant; runs are made a few at a time, as they are asked for.

    Raises:
        LessonError: if the sentence is long.
        InterventionError: if the model has no such head, token or mask token.
    """
    for start in range(0, len(variants), FEW):
        few = variants[start : start + FEW]
        new, after = variants_of(trace, few)
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
