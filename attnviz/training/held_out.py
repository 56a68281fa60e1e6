"""Held-out texts: chosen before the first step of a training, and kept out of all its steps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from attnviz.errors import TrainingError
from attnviz.training.tasks import NOTHING, Answers, Task, Texts

TEXTS = 64  # drawn at a time
DRAWS = 128  # before the first step
ONE_IN = 8  # of the different texts of each length is held out

ManyTexts = Int[np.ndarray, "_ _"]  # of one length, which differs from draw to draw
OneText = Int[np.ndarray, "_"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The texts that a training is examined on."""

    texts: tuple[ManyTexts, ...]  # all different, those of one length together
    kept_out: frozenset[bytes]  # their keys; empty where a task has too few texts

    @property
    def is_new(self) -> bool:
        """Whether no step sees these texts."""
        return bool(self.kept_out)


def hold_out(task: Task, generator: np.random.Generator) -> HeldOut:
    """One in eight of the different texts that many draws bring, length by length.

    Seven in eight of every length stay for the training, so a length with fewer than eight
    texts is not examined. If all lengths are such, the texts drawn are examined as they are.

    Raises:
        TrainingError: if the task draws nothing that it asks anything about.
    """
    found = _different(task, generator)
    if not found:
        raise TrainingError("task_is_empty", task=task.name)
    chosen = {n: dict(list(texts.items())[: len(texts) // ONE_IN]) for n, texts in found.items()}
    keys = frozenset(key for texts in chosen.values() for key in texts)
    examined = chosen if keys else found
    return HeldOut(tuple(np.stack(list(t.values())) for t in examined.values() if t), keys)


def to_learn(
    task: Task, held_out: HeldOut, generator: np.random.Generator
) -> Iterator[tuple[Texts, Answers]]:
    """Texts for one step after the other, with their answers: none of them held out.

    As many as are drawn at a time, less those that are held out or ask nothing.
    """
    while True:
        texts, answers = _asking(task, generator)
        is_free = np.array([key not in held_out.kept_out for key in _keys(texts)], dtype=bool)
        if is_free.any():
            yield texts[is_free], answers[is_free]


def _different(task: Task, generator: np.random.Generator) -> dict[int, dict[bytes, OneText]]:
    """By length, then by key, in the order of the draws."""
    found: dict[int, dict[bytes, OneText]] = {}
    for _ in range(DRAWS):
        texts, _answers = _asking(task, generator)
        for key, text in zip(_keys(texts), texts, strict=True):
            found.setdefault(len(text), {}).setdefault(key, text)
    return found


def _asking(task: Task, generator: np.random.Generator) -> tuple[Texts, Answers]:
    """One draw, without the texts that ask nothing."""
    texts = task.draw(generator, TEXTS)
    answers = task.answers(texts)
    asks = (answers != NOTHING).any(axis=(1, 2))
    return texts[asks], answers[asks]


def _keys(texts: ManyTexts) -> list[bytes]:
    return [text.tobytes() for text in np.ascontiguousarray(texts, dtype=np.int64)]
