"""Chapter 4: concatenate and project, which is a sum over heads."""

from attnviz.lessons.chapters.c04_concatenate import running_sum, strip
from attnviz.lessons.chapters.c04_concatenate.checks import QUESTIONS, width
from attnviz.lessons.controls import Pick, PickHeads, head_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.trace_values import question_head

CHAPTER = Chapter(
    number=4,
    name="concatenate",
    minutes=5,
    numbers=lambda scene: width(scene.trace).numbers,
    controls=(
        head_control(question_head),
        word_control(),
        Pick("component", lambda trace: range(trace.model.d_model), lambda _: 0),
        PickHeads("off"),
    ),
    parts=(
        strip.PART,
        running_sum.PART,
    ),
    questions=QUESTIONS,
)
