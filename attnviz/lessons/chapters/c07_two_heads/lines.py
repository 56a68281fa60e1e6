"""The two heads as lines."""

import numpy as np

from attnviz.analysis.difference import jensen_shannon, most_different
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.lessons.chapters.c07_two_heads.pair import scene_pair
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.pictures.lines import Lines, lines


def _lens(scene: Scene) -> Lens:
    hidden = scene.choice["special"] == "hidden"
    return Lens(hide_special=hidden, renormalise=hidden)


def _draw_lines(scene: Scene) -> Lines:
    return lines(scene.trace, scene_pair(scene), _lens(scene), language=scene.language)


def _lines_numbers(scene: Scene) -> Numbers:
    trace = scene.trace
    a, b = scene.head("a"), scene.head("b")
    return {
        "a": a,
        "b": b,
        "divergence": printed(jensen_shannon(trace.weights(a), trace.weights(b)), 3),
        "most": printed(most_different(trace)[2], 3),
        "self_a": _on_self(trace, a),
        "self_b": _on_self(trace, b),
    }


def _on_self(trace: Trace, head: HeadId) -> int:
    weights = trace.weights(head)
    return int((weights.argmax(axis=1) == np.arange(len(weights))).sum())


PART = Part("lines", _draw_lines, _lines_numbers, uses=("a", "b", "special"))
