"""Chapter 6: the multi-head block, and what one head or eight can learn with equal parameters."""

from collections.abc import Sequence

from attnviz.core.trace import Trace
from attnviz.lessons.chapters.c06_heads_or_one import (
    accuracy_bars,
    average,
    block,
    course,
    target_shares,
)
from attnviz.lessons.chapters.c06_heads_or_one.checks import QUESTIONS
from attnviz.lessons.chapters.c06_heads_or_one.runs import HEADS, SEEDS, TASK, all_runs
from attnviz.lessons.controls import Bars, Pick, layer_control, word_control
from attnviz.lessons.engine import Chapter
from attnviz.lessons.trace_values import question_layer
from attnviz.texts import say
from attnviz.training.tasks import tasks


def _tasks_with_a_theory(trace: Trace) -> Sequence[str]:
    del trace
    return [task.name for task in tasks().values() if task.one_head is not None]


CHAPTER = Chapter(
    number=6,
    name="heads-or-one",
    minutes=6,
    controls=(
        Pick(
            "task",
            _tasks_with_a_theory,
            lambda _: TASK,
            lambda value, _, language: say(f"task.{value}", language),
        ),
        layer_control(question_layer),
        word_control(),
        Pick("seed", lambda _: SEEDS, lambda _: SEEDS[0]),
        Bars("drawn", len(HEADS)),
    ),
    runs=all_runs,
    parts=(
        block.PART,
        average.PART,
        accuracy_bars.PART,
        target_shares.PART,
        course.PART,
    ),
    questions=QUESTIONS,
)
