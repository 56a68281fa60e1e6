"""Chapter 2: 112 and 96 become 0.88 and 0.12; then a head built by hand."""

from attnviz.analysis.handmade import PLACES
from attnviz.lessons.chapters.c02_worked_numbers import division, handmade, keys, live, note
from attnviz.lessons.chapters.c02_worked_numbers.checks import QUESTIONS
from attnviz.lessons.chapters.c02_worked_numbers.worked import worked
from attnviz.lessons.controls import Paint, Slide, head_control, word_control
from attnviz.lessons.engine import Chapter, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.trace_values import question_head

STRONGEST = 40


def _percentages(scene: Scene) -> Numbers:
    """What the note's scores would be as percentages, and what softmax makes of them."""
    del scene
    row = worked(0)
    share = float(row.products[0] / row.products.sum())
    return {
        "one": f"{row.products[0]:.0f}",
        "other": f"{row.products[1]:.0f}",
        "share": f"{share:.2f}",
        "weight": f"{row.weights[0]:.2f}",
    }


CHAPTER = Chapter(
    number=2,
    name="worked-numbers",
    minutes=8,
    controls=(
        note.ROW,
        division.WIDTH,
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
        division.PART,
        keys.PART,
        live.PART,
        handmade.PART,
    ),
    questions=QUESTIONS,
    numbers=_percentages,
)
