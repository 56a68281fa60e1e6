"""The opening figure: z of every head, the strip that joins them, W_O, and Z.

Each head's colour pours through its own rows of W_O, and one number of Z adds up head by head. A
click on a block of the strip switches its head off.
"""

from attnviz.digits import printed
from attnviz.lessons.chapters.c04_concatenate.falling import falling
from attnviz.lessons.chapters.c04_concatenate.flowing import flowing
from attnviz.lessons.chapters.c04_concatenate.numbers import DECIMALS, Sum
from attnviz.lessons.chapters.c04_concatenate.plan import NARROW, WIDE
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures.drawing import Drawing
from attnviz.pictures.elements.figure import Form, figure

text_of = texts_of(__name__)

STEPS = ("note", "heads", "strip", "rows", "first", "all", "sum", "off")


def _draw_strip(scene: Scene) -> Drawing:
    added = Sum.of(scene)
    wide, narrow = (
        Form(plan.width, plan.height, [*flowing(scene, added, plan), *falling(scene, added, plan)])
        for plan in (WIDE, NARROW)
    )
    sentences = _said(added)
    steps = [scene.say(text_of(f"figure.steps.{step}"), **sentences) for step in STEPS]
    alt = scene.say(text_of("figure.alt"), **sentences)
    values: dict[str, object] = {
        "parts": [added.part(block) for block in added.blocks],
        "bias": added.bias,
        "total": added.left_over,
    }
    return figure(wide, narrow, steps, alt, scene.mode, scene.language, values=values)


def _said(added: Sum) -> dict[str, object]:
    first = added.blocks[0]
    return {
        "layer": added.layer,
        "focus": added.focus.text,
        "concat": added.concat,
        "component": added.component,
        "first": first.head,
        "part": printed(added.part(first), DECIMALS),
        "total": printed(added.before, DECIMALS),
    }


def _numbers(scene: Scene) -> Numbers:
    return _said(Sum.of(scene))


PART = Part("strip", _draw_strip, _numbers, uses=("head", "word", "component"))
