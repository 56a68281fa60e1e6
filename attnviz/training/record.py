"""The record of one training: its numbers, its weights along the way, its model."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from attnviz import checks
from attnviz.capture.reading import read
from attnviz.errors import TrainingError
from attnviz.models.load import Model
from attnviz.models.small.trained import Weights, traceable
from attnviz.texts import catalogue, say
from attnviz.training.run import Run
from attnviz.training.tasks import NOTHING, Task


@dataclass(frozen=True, slots=True)
class Report:
    """Where a training stands."""

    step: int
    steps: int
    loss: float | None = None  # after this step; None while the training waits
    accuracy: float | None = None  # on the texts of the next step
    seconds_left: float | None = None
    place: int = 0  # in the queue; 0: it is running


Progress = Callable[[Report], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the learning curve: the model after `step` steps, on the texts of the next."""

    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All weights after so many steps, as 32-bit numbers: a copy, nothing rounded."""

    step: int
    weights: Weights


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answers to one question about one token."""

    token: int
    question: int
    said: str
    right: str | None  # where the task has an answer


@dataclass(frozen=True, slots=True)
class Exam:
    """What a model was asked at the end: every answer counts once."""

    texts: int  # all different
    asked: int
    right: int
    held_out: bool  # whether no step saw these texts; else the task has too few

    @property
    def share(self) -> float:
        """The share of right answers."""
        return self.right / self.asked


@dataclass(frozen=True, eq=False)
class Training:
    """A trained encoder with its course. Shared by all who ask for the same run."""

    run: Run
    accuracy: float  # in the exam, as is the loss
    loss: float
    seconds: float
    history: tuple[Point, ...]
    snapshots: tuple[Snapshot, ...]  # the last one holds the final weights
    exam: Exam | None = None  # None: a file of an earlier version, which does not say

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return self.run.shape.parameters

    @property
    def steps(self) -> int:
        """How many steps were done."""
        return self.snapshots[-1].step

    @property
    def was_stopped(self) -> bool:
        """Whether somebody stopped it before its last step."""
        return self.steps < self.run.steps

    @cached_property
    def model(self) -> Model:
        """The final model, for `attnviz.trace`."""
        return self.model_at(self.snapshots[-1])

    def model_at(self, snapshot: Snapshot) -> Model:
        """The model as it was at a snapshot, for `attnviz.trace`."""
        checks.kind("snapshot", snapshot, Snapshot, "training.snapshots[0]")
        run = self.run
        name = f"{run.name}@{snapshot.step}"
        # Step k is the same in a run of k steps: one that was stopped is made again by the shorter.
        last = snapshot.step > 0 and snapshot.step == self.steps
        steps = snapshot.step if last else run.steps
        made_by = (
            f"attnviz.train({run.task.name!r}, {run.heads}, {run.layers}, {run.seed}, {steps})"
        )
        made_by += ".model" if last else f".at_step({snapshot.step})"
        called = catalogue("zh").get(f"task.{run.task.name}", run.task.name)
        sizes = {"layers": run.layers, "heads": run.heads, "seed": run.seed, "step": snapshot.step}
        title = say("picture.trained", "en", task=run.task.name, **sizes)
        title_zh = say("picture.trained", "zh", task=called, **sizes)
        return traceable(
            run.shape,
            snapshot.weights,
            run.task.alphabet,
            name,
            title,
            made_by,
            title_zh,
            run.task.choices,
        )

    def at_step(self, step: int) -> Model:
        """The model after so many steps, for `attnviz.trace`.

        Raises:
            TrainingError: if no snapshot was taken there.
        """
        taken = {snapshot.step: snapshot for snapshot in self.snapshots}
        found = taken.get(checks.whole("step", step))
        if found is None:
            raise TrainingError("no_snapshot", step=step, known=", ".join(map(str, taken)))
        return self.model_at(found)

    def replies(self, text: str, snapshot: Snapshot | None = None) -> tuple[Reply, ...]:
        """What the model answers to a text of your own, token by token.

        Raises:
            TextError: if the text is not one that the task's alphabet can read.
        """
        model = self.model if snapshot is None else self.model_at(snapshot)
        return replies_of(model, self.run.task, text)


def replies_of(model: Model, task: Task, text: str) -> tuple[Reply, ...]:
    """The same for a model of the task, such as one at a snapshot.

    Raises:
        TextError: if the text is not one that the task's alphabet can read.
    """
    checks.text("text", text)
    symbols = _symbols(text, model)
    with torch.inference_mode():
        said = model.module(torch.from_numpy(symbols)).argmax(dim=-1)[0].numpy()
    right = task.answers(symbols)[0]
    return tuple(
        Reply(
            token, question, task.choices[said[token, question]], _named(task.choices, int(answer))
        )
        for (token, question), answer in np.ndenumerate(right)
    )


def _symbols(text: str, model: Model) -> np.ndarray:
    return np.array([read(text, None, model).ids])


def _named(choices: tuple[str, ...], answer: int) -> str | None:
    return None if answer == NOTHING else choices[answer]
