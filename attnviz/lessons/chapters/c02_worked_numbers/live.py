"""The same table on the learner's sentence."""

import numpy as np

from attnviz.analysis.formula import formula
from attnviz.core.intervention import heads_off
from attnviz.digits import error_at_most, printed
from attnviz.errors import LessonError
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import Text, texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.tensor import tensor
from attnviz.pictures.weighted_sum import WeightedSum, weighted_sum

text_of = texts_of(__name__)


def _live(scene: Scene) -> WeightedSum:
    head, at = scene.head(), scene.number("word")
    trace, (layer, index) = scene.trace, head
    record = trace.record(layer)
    if not record.is_plain:
        raise LessonError("scores_not_plain", formula=formula(trace, [head]))
    products = record.shared(record.keys, index) @ record.queries[index][at]
    return WeightedSum(
        [token.name for token in trace.tokens],
        products,
        trace.scores(head)[at],
        trace.weights(head)[at],
        record.shared(record.values, index),
        trace.head_output(layer)[index][at],
        1 / record.scaling,
    )


def _notices(scene: Scene) -> list[Text]:
    """Where an intervention makes a step of the table another than it says."""
    layer, head = scene.head()
    off = head in heads_off(scene.trace.interventions, layer)
    replaced = head in scene.trace.record(layer).changed_weights
    return [
        text
        for text, holds in ((text_of("figure.replaced"), replaced), (text_of("figure.is_off"), off))
        if holds
    ]


def _draw_live(scene: Scene) -> Drawing:
    table = _live(scene)
    notices = _notices(scene)
    title = f"{scene.trace.model.called(scene.language)} · {scene.head()} · q: {scene.token.name}"
    root = element(
        "div",
        element("p", title, class_="title"),
        element(
            "div",
            weighted_sum(table, scene.mode, scene.language),
            _products(scene, table),
            class_="abreast",
        ),
        *(element("p", scene.say(text, head=scene.head()), class_="notice") for text in notices),
    )
    best = int(table.weights.argmax())
    alt = f"{title}. {table.keys[best]}: {table.weights[best]:.4f}"
    return Drawing(root, alt, scene.mode, {"weights": table.weights, "z": table.z})


def _products(scene: Scene, table: WeightedSum) -> Element:
    """q, k and their products for the strongest key: they add up to its q · k."""
    head, at = scene.head(), scene.number("word")
    record = scene.trace.record(head.layer)
    best = int(table.weights.argmax())
    q, k = record.queries[head.head][at], record.shared(record.keys, head.head)[best]
    rows = np.stack([q, k, q * k])
    label = f"q · k → {table.keys[best]}"
    return element(
        "div",
        tensor(rows, label, ["q", "k", "q × k"], style.SCORE, scene.mode, scene.language),
        element("p", f"Σ q × k = {printed(float((q * k).sum()), 3)}", class_="formula"),
    )


def _live_numbers(scene: Scene) -> Numbers:
    table = _live(scene)
    best = int(table.weights.argmax())
    again = scene.trace.weights(scene.head())[scene.number("word")] @ table.values
    return {
        "head": scene.head(),
        "word": scene.token.name,
        "best": table.keys[best],
        "weight": printed(float(table.weights[best]), 4),
        "hidden": max(0, table.values.shape[1] - 3),
        "error": error_at_most(float(np.abs(again - table.z).max())),
    }


PART = Part("live", _draw_live, _live_numbers, uses=("head", "word"))
