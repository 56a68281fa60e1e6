"""The opening figure: one layer from the sentence to its output, as the note draws it."""

import numpy as np

from attnviz.lessons.chapters.c05_machine.drawn import Sheet
from attnviz.lessons.chapters.c05_machine.matrices import layer_of
from attnviz.lessons.chapters.c05_machine.places import narrow, wide
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures.drawing import Drawing
from attnviz.pictures.elements.figure import Form, figure

text_of = texts_of(__name__)

STEPS = ("sentence", "embedded", "learned", "projected", "attended", "joined")


def _draw_layer(scene: Scene) -> Drawing:
    layer, trace = layer_of(scene), scene.trace
    after, leaving = trace.after_attention(layer.number), trace.residual(layer.number + 1)
    has_feed_forward = not np.array_equal(after, leaving)
    forms = []
    for lay in (wide, narrow):
        at = lay(len(layer.tokens), layer.column, layer.rows)
        drawn = Sheet(scene, layer, at, has_feed_forward).drawn()
        forms.append(Form(at.width, at.height, drawn))
    keys = (*STEPS, "leaves" if has_feed_forward else "leaves_at_once")
    steps = [scene.say(text_of(f"figure.steps.{key}")) for key in keys]
    numbers = {"layer": layer.number, "shown": len(layer.tokens)}
    alt = scene.say(text_of("figure.alt"), **numbers)
    values: dict[str, object] = {"heads": layer.rows, "tokens": layer.tokens}
    return figure(forms[0], forms[1], steps, alt, scene.mode, scene.language, values=values)


PART = Part(
    "layer", _draw_layer, lambda scene: {"followed": scene.token.name}, uses=("head", "word")
)
