"""A head built by hand, and its learned twin."""

import math
from typing import NamedTuple

import numpy as np

from attnviz.analysis import handmade
from attnviz.analysis.allowed import allowed_in_layer, pairs_allowed
from attnviz.analysis.offset import at_offset
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import at_least, at_most, printed
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import tensor

text_of = texts_of(__name__)

GOAL = 0.90


def _draw_handmade(scene: Scene) -> Drawing:
    shift, strength = scene.number("shift"), scene.number("strength")
    painted = scene.cells("painted")
    w_q = (
        handmade.painted_query(painted, float(strength))
        if painted
        else handmade.shifting_query(shift, float(strength))
    )
    weights = handmade.attention(w_q)
    places = [str(place) for place in range(handmade.PLACES)]
    share = handmade.least_on(weights, -1)
    reached = share >= GOAL
    twin = _twin(scene.trace, shift)
    caption = scene.say(
        text_of("figure.reached") if reached else text_of("figure.not_yet"),
        share=at_least(share, 3),
        goal=f"{GOAL:.2f}",
        needed=at_most(needed(), 2),
    )
    if twin is None:
        learned, values = scene.say(text_of("figure.no_twin")), {}
    else:
        numbers = {"mean": printed(twin.mean, 4), "least": at_least(twin.least, 4)}
        learned = scene.say(text_of("figure.twin"), twin=twin.head, **numbers)
        values = {"twin": twin.head, "mean": twin.mean, "least": twin.least}
    root = element(
        "div",
        element(
            "div",
            tensor(
                w_q,
                "W_Q",
                places,
                style.Q,
                scene.mode,
                scene.language,
                columns=places,
                largest=max(1.0, float(strength)),
                paints="painted",
            ),
            element("span", "→", class_="sign"),
            tensor(
                weights,
                "softmax",
                places,
                style.SCORE,
                scene.mode,
                scene.language,
                columns=places,
                largest=1.0,
            ),
            class_="row airy",
        ),
        element("p", caption, class_="verdict good" if reached else "verdict"),
        element("p", learned, class_="formula"),
    )
    values |= {"weights": weights, "share": share}
    return Drawing(root, f"W_Q {shift:+d} · {strength}: {caption}. {learned}", scene.mode, values)


class _Twin(NamedTuple):
    """A head of the loaded model, and its weight on a shift: mean and least."""

    head: HeadId
    mean: float
    least: float


def _twin(trace: Trace, shift: int) -> _Twin | None:
    """The head with the most attention on the same shift; None where no query may look there."""
    means = np.concatenate(
        [
            at_offset(trace.layer_weights(layer), shift, allowed_in_layer(trace, layer))
            for layer in range(trace.model.layers)
        ]
    )
    best = trace.heads[int(means.argmax())]
    weights, allowed = trace.weights(best), trace.allowed(best)
    diagonal = np.diagonal(weights, shift)[np.diagonal(pairs_allowed(weights, allowed), shift)]
    return _Twin(best, float(means.max()), float(diagonal.min())) if len(diagonal) else None


def needed() -> float:
    """The strength from which one painted cell a row reaches the goal."""
    return math.sqrt(handmade.PLACES) * math.log(GOAL * (handmade.PLACES - 1) / (1 - GOAL))


def _handmade_numbers(scene: Scene) -> Numbers:
    del scene
    return {"goal": f"{GOAL:.2f}", "places": handmade.PLACES}


PART = Part("handmade", _draw_handmade, _handmade_numbers, uses=("shift", "strength", "painted"))
