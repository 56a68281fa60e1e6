"""The questions and their checkers, which share no code with any figure."""

from collections import Counter
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np

from attnviz.analysis import recompute
from attnviz.core.trace import Trace
from attnviz.lessons.chapters.c06_heads_or_one.runs import COUNTER_TASK, HEADS, TASK
from attnviz.lessons.options import answers, words
from attnviz.lessons.questions import Numbers, Outcome, Question
from attnviz.lessons.trace_values import question_layer, question_word
from attnviz.training.tasks import Task, task_called

AVERAGED = "two-looks"  # another task than the one whose accuracies are drawn


def _one_average(trace: Trace) -> Outcome:
    """By counting: every way in which targets can share symbols, and how many texts have it."""
    del trace
    task = task_called(AVERAGED)
    targets, symbols = len(task.target_names), len(task.choices)
    right = sum(_texts(counts, symbols) * max(counts) for counts in _profiles(targets))
    share = right / (targets * symbols**targets)
    return Outcome(share, {"most": f"{share * targets:.2f}"}, f"{share:.4f}")


def _asked_average(trace: Trace) -> Numbers:
    del trace
    task = task_called(AVERAGED)
    return {"looks": len(task.target_names), "symbols": len(task.choices)}


def _profiles(targets: int) -> list[tuple[int, ...]]:
    """How often each different symbol stands there: the partitions of the number of targets."""
    return [
        counts
        for different in range(1, targets + 1)
        for counts in combinations_with_replacement(range(1, targets + 1), different)
        if sum(counts) == targets
    ]


def _texts(counts: tuple[int, ...], symbols: int) -> int:
    """In how many ways so many places can hold symbols that often."""
    places = factorial(sum(counts)) // prod(map(factorial, counts))
    names = comb(symbols, len(counts)) * factorial(len(counts))
    return places * names // prod(map(factorial, Counter(counts).values()))


def needed_places(task: Task) -> int:
    """On how many places the answers at a token depend, found by changing them one by one."""
    text = np.zeros((1, task.alphabet.most), dtype=int)
    before = task.answers(text)[0]
    depends = np.zeros(text.shape[1], dtype=int)
    for place in range(text.shape[1]):
        changed = text.copy()
        changed[0, place] = 1
        depends += (task.answers(changed)[0] != before).any(axis=-1)
    return int(depends.max())


def _counter_task(trace: Trace) -> Outcome:
    del trace
    needed = needed_places(task_called(COUNTER_TASK))
    numbers = {"needed": needed, "other_needed": needed_places(task_called(TASK))}
    return Outcome("same" if needed == 1 else "more", numbers)


def _asked_counter(trace: Trace) -> Numbers:
    del trace
    return {"few": HEADS[0], "many": HEADS[-1]}


def _numbers_held(trace: Trace) -> Outcome:
    """What the matrices hold now, and what they would with one head of all their width."""
    learned, wide = trace.learned[0], trace.model.heads * trace.model.d_head
    matrices = (learned.query, learned.key, learned.value, learned.output)
    parameters = sum(matrix.weight.size for matrix in matrices)
    width = trace.residual(0).shape[1]
    one_head = 3 * width * wide + wide * width
    value = "same" if one_head == parameters else "fewer" if one_head < parameters else "more"
    return Outcome(value, {"now": f"{parameters:,}", "one": f"{one_head:,}"})


def _together(trace: Trace) -> Outcome:
    """The word with the largest mean weight over the heads, in float64, row by row."""
    layer, at = question_layer(trace), question_word(trace).position
    rows = recompute.weights(trace.record(layer))[:, at]
    allowed = [token.position for token in trace.tokens if not token.is_special]
    mean = sum(rows) / len(rows)
    best = max(allowed, key=lambda position: float(mean[position]))
    agree = sum(max(allowed, key=lambda position: float(row[position])) == best for row in rows)
    numbers = {"best": trace.tokens[best].name, "share": f"{float(mean[best]):.4f}", "agree": agree}
    return Outcome(str(best), numbers)


QUESTIONS = (
    Question(
        name="one-head",
        check=_one_average,
        asked=_asked_average,
        tolerance=lambda _: 0.10,
        is_law=True,
        beside="bars",
        before="bars",
    ),
    Question(
        name="counter-task",
        check=_counter_task,
        options=answers("more", "same", "less"),
        asked=_asked_counter,
        is_law=True,
        beside="bars",
        before="bars",
    ),
    Question(
        name="numbers-held",
        check=_numbers_held,
        options=answers("fewer", "same", "more"),
        is_law=True,
        beside="block",
        before="bars",
    ),
    Question(
        name="together",
        check=_together,
        options=words,
        asked=lambda trace: {"layer": question_layer(trace)},
        beside="average",
        before="average",
    ),
)
