"""A head built by hand, and its learned twin."""

import math

import numpy as np

from attnviz.analysis import handmade
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
    twin, mean, least = _twin(scene.trace, shift)
    said = scene.say(
        text_of("figure.reached") if reached else text_of("figure.not_yet"),
        share=at_least(share, 3),
        goal=f"{GOAL:.2f}",
        needed=at_most(needed(), 2),
    )
    learned = scene.say(
        text_of("figure.twin"), twin=twin, mean=printed(mean, 4), least=at_least(least, 4)
    )
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
        element("p", said, class_="verdict good" if reached else "verdict"),
        element("p", learned, class_="formula"),
    )
    values = {"weights": weights, "share": share, "twin": twin, "mean": mean, "least": least}
    return Drawing(root, f"W_Q {shift:+d} · {strength}: {said}. {twin}", scene.mode, values)


def _twin(trace: Trace, shift: int) -> tuple[HeadId, float, float]:
    """The head of the loaded model with the most attention on the same shift."""
    means = np.stack([at_offset(trace.layer_weights(n), shift) for n in range(trace.model.layers)])
    best = trace.heads[int(means.argmax())]
    diagonal = np.diagonal(trace.weights(best), shift)
    least = float(diagonal.min()) if len(diagonal) else 0.0
    return best, float(means.max()), least


def needed() -> float:
    """The strength from which one painted cell a row reaches the goal."""
    return math.sqrt(handmade.PLACES) * math.log(GOAL * (handmade.PLACES - 1) / (1 - GOAL))


def _handmade_numbers(scene: Scene) -> Numbers:
    del scene
    return {"goal": f"{GOAL:.2f}", "places": handmade.PLACES}


PART = Part("handmade", _draw_handmade, _handmade_numbers, uses=("shift", "strength", "painted"))
