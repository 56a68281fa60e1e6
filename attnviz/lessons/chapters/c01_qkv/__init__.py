"""Chapter 1: one set of q, k, v for each head."""

from attnviz.analysis.difference import most_different_beside
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.chapters.c01_qkv import projections, small_matrices, sum_of_q
from attnviz.lessons.chapters.c01_qkv.checks import QUESTIONS
from attnviz.lessons.controls import head_control, other_head_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.trace_values import question_head


def _beside(trace: Trace) -> HeadId:
    """A head of the same layer, so of the same X: the one that looks most differently."""
    return most_different_beside(trace, question_head(trace))


CHAPTER = Chapter(
    number=1,
    name="qkv",
    minutes=4,
    controls=(
        small_matrices.EDIT,
        sum_of_q.COMPONENT,
        head_control(question_head),
        other_head_control("other", _beside),
        word_control(),
    ),
    parts=(
        small_matrices.PART,
        sum_of_q.PART,
        projections.PART,
    ),
    questions=QUESTIONS,
)
