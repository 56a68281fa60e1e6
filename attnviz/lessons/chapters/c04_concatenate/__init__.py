"""Chapter 4: concatenate and project, which is a sum over heads."""

from attnviz.lessons.chapters.c04_concatenate import running_sum, strip
from attnviz.lessons.chapters.c04_concatenate.checks import QUESTIONS, width
from attnviz.lessons.controls import PickHeads, layer_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.trace_values import question_layer

CHAPTER = Chapter(
    number=4,
    name="concatenate",
    minutes=5,
    numbers=lambda scene: width(scene.trace).numbers,
    controls=(
        layer_control(question_layer),
        word_control(),
        PickHeads(
            "off",
        ),
    ),
    parts=(
        strip.PART,
        running_sum.PART,
    ),
    questions=QUESTIONS,
)
