"""Chapter 8: stacked encoders, what is left of a word in its r, and what depth is for."""

from attnviz.lessons.chapters.c08_stacking import hops, shares, stack, whose
from attnviz.lessons.chapters.c08_stacking.checks import QUESTIONS
from attnviz.lessons.chapters.c08_stacking.runs import hop_runs
from attnviz.lessons.controls import Digits, Pick, layer_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.training.pointers import ALPHABET, PLACES

CHAPTER = Chapter(
    number=8,
    name="stacking",
    minutes=4,
    controls=(
        layer_control(),
        word_control(),
        Digits("pointers", PLACES, PLACES, ALPHABET.example),
        Pick("start", lambda _: range(PLACES), lambda _: 0),
    ),
    runs=lambda _: hop_runs(),
    parts=(stack.PART, whose.PART, shares.PART, hops.PART),
    questions=QUESTIONS,
)
