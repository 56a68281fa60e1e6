"""Chapter 7: two heads, two pictures, and the note's claims on trial."""

from attnviz.core.trace import Trace
from attnviz.lessons.chapters.c07_two_heads import head_map, lines
from attnviz.lessons.chapters.c07_two_heads.checks import QUESTIONS
from attnviz.lessons.chapters.c07_two_heads.pair import lower_asked
from attnviz.lessons.controls import Pick, Value, other_head_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.note_pair import upper_head
from attnviz.lessons.text import texts_of
from attnviz.texts import Language

text_of = texts_of(__name__)


def _switch(name: str, *values: str) -> Pick:
    """One of a few values, which the texts of the figure name; the first unless chosen."""

    def shown(value: Value, _: Trace, language: Language) -> str:
        return text_of(f"figure.{name}.{value}")[language]

    return Pick(name, lambda _: values, lambda _: values[0], shown)


CHAPTER = Chapter(
    number=7,
    name="two-heads",
    minutes=6,
    has_trial=True,
    controls=(
        other_head_control("head", upper_head),
        other_head_control("other", lower_asked),
        _switch("special", "hidden", "shown"),
        _switch("view", "lines", "maps"),
        word_control(),
    ),
    parts=(lines.PART, head_map.PART),
    questions=QUESTIONS,
)
