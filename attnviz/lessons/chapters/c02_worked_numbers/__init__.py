"""Chapter 2: 112 and 96 become 0.88 and 0.12; then a head built by hand."""

from attnviz.analysis.handmade import PLACES
from attnviz.lessons import note_example
from attnviz.lessons.chapters.c02_worked_numbers import handmade, live, note
from attnviz.lessons.chapters.c02_worked_numbers.checks import QUESTIONS
from attnviz.lessons.controls import Paint, Pick, Slide, head_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.trace_values import question_head

WIDTHS = (1, 3, 16, 64, 256, 1024)
STRONGEST = 40

CHAPTER = Chapter(
    number=2,
    name="worked-numbers",
    minutes=8,
    controls=(
        Pick(
            "width",
            lambda _: WIDTHS,
            lambda _: note_example.D_K,
        ),
        head_control(question_head),
        word_control(),
        Slide("shift", -2, 2, 1, 1),
        Slide("strength", 0, STRONGEST, 1, 4),
        Paint(
            "painted",
            PLACES,
        ),
    ),
    parts=(
        note.PART,
        live.PART,
        handmade.PART,
    ),
    questions=QUESTIONS,
)
