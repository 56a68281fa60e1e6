"""Chapter 8: stacked encoders, what is left of a word in its r, and what depth is for."""

from attnviz.core.trace import Trace
from attnviz.lessons.chapters.c08_stacking import hops, identity, shares, stack, whose
from attnviz.lessons.chapters.c08_stacking.checks import QUESTIONS
from attnviz.lessons.chapters.c08_stacking.hops import TEXTS, pointers_text
from attnviz.lessons.chapters.c08_stacking.runs import hop_runs
from attnviz.lessons.controls import Pick, Value, layer_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.texts import Language


def _as_text(value: Value, trace: Trace, language: Language) -> str:
    del trace, language
    return pointers_text(int(str(value)))


CHAPTER = Chapter(
    number=8,
    name="stacking",
    minutes=4,
    controls=(
        layer_control(),
        word_control(),
        Pick("pointers", lambda _: TEXTS, lambda _: TEXTS[0], _as_text),
    ),
    runs=lambda _: hop_runs(),
    parts=(
        stack.PART,
        whose.PART,
        shares.PART,
        identity.PART,
        hops.PART,
    ),
    questions=QUESTIONS,
)
