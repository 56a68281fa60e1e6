"""Chapter 3: feature maps of a sentence, and a convolution made of heads."""

from attnviz.experiments.rerun import MOST_TOKENS
from attnviz.lessons.chapters.c03_feature_maps import convolution, stack, wall
from attnviz.lessons.chapters.c03_feature_maps.checks import QUESTIONS
from attnviz.lessons.chapters.c03_feature_maps.wall import MAPS
from attnviz.lessons.controls import Pick, Slide, head_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.trace_values import question_head

CHAPTER = Chapter(
    number=3,
    name="feature-maps",
    minutes=4,
    controls=(
        head_control(question_head),
        word_control(),
        Pick(
            "map",
            lambda _: tuple(MAPS),
            lambda trace: "weights" if len(trace.tokens) <= MOST_TOKENS else "z",
            lambda value, _, language: MAPS[str(value)][language],
        ),
        Slide("strength", 1, 40, 1, 10),
    ),
    parts=(
        stack.PART,
        wall.PART,
        convolution.PART,
    ),
    questions=QUESTIONS,
)
