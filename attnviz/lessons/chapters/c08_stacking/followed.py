"""Where the encoder of two layers looks, place by place, and what it answers."""

from typing import NamedTuple

from attnviz.capture.run import trace as run_through
from attnviz.lessons.chapters.c08_stacking.runs import ENCODERS
from attnviz.training.record import Training, replies_of


class Followed(NamedTuple):
    """What the encoder of two layers does at one place."""

    place: int
    digit: int  # the address that stands there
    first: int  # the place that layer 0 looks at most
    first_weight: float
    second: int  # the place that layer 1 looks at most
    second_weight: float
    said: str
    right: str | None


def follow(text: str, training: Training) -> list[Followed]:
    """Both looks from every place, with their weights, and the answer."""
    trace = run_through(text, training.model)
    first, second = (trace.weights((layer, 0)) for layer in range(ENCODERS))
    replies = replies_of(training.model, training.run.task, text)
    return [
        Followed(
            place,
            int(trace.tokens[place].piece),
            int(first[place].argmax()),
            float(first[place].max()),
            int(second[place].argmax()),
            float(second[place].max()),
            replies[place].said,
            replies[place].right,
        )
        for place in range(len(trace.tokens))
    ]
