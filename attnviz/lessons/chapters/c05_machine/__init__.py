"""Chapter 5: the whole machine of one layer, every box opening into its tensor."""

from attnviz.lessons.chapters.c05_machine import each, layer, machine, many
from attnviz.lessons.chapters.c05_machine.checks import QUESTIONS
from attnviz.lessons.controls import PickHeads, head_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.trace_values import question_head

CHAPTER = Chapter(
    number=5,
    name="machine",
    minutes=5,
    controls=(
        head_control(question_head),
        word_control(),
        PickHeads(
            "off",
        ),
    ),
    parts=(
        layer.PART,
        machine.PART,
        each.PART,
        many.PART,
    ),
    questions=QUESTIONS,
)
