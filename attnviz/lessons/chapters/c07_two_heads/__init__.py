"""Chapter 7: two heads, two pictures, and the note's claims on trial."""

from attnviz.analysis.difference import most_different
from attnviz.lessons.chapters.c07_two_heads import head_map, lines, twins
from attnviz.lessons.chapters.c07_two_heads.checks import QUESTIONS
from attnviz.lessons.controls import Pick, other_head_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.text import texts_of

text_of = texts_of(__name__)

SPECIAL = {name: text_of(f"figure.special.{name}") for name in ("shown", "hidden")}

CHAPTER = Chapter(
    number=7,
    name="two-heads",
    minutes=6,
    has_trial=True,
    controls=(
        other_head_control("head", lambda trace: most_different(trace)[0]),
        other_head_control("other", lambda trace: most_different(trace)[1]),
        Pick(
            "special",
            lambda _: tuple(SPECIAL),
            lambda _: "shown",
            lambda value, _, language: SPECIAL[str(value)][language],
        ),
    ),
    parts=(
        lines.PART,
        twins.PART,
        head_map.PART,
    ),
    questions=QUESTIONS,
)
