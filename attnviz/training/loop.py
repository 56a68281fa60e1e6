"""The loop: Adam on random texts, step by step, with every draw from the run's seed.

What is said of step k is measured on the model after k steps, with the texts that it is
about to learn from; what is said at the end, with texts that were held out of all steps.

Kingma & Ba 2015 (Adam). No global random state is read or changed, so trainings in
several threads do not disturb one another.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.models.small.encoder import Encoder, new_encoder
from attnviz.training.held_out import TEXTS, HeldOut, hold_out, to_learn
from attnviz.training.record import Cancelled, Exam, Point, Progress, Report, Snapshot, Training
from attnviz.training.run import Run
from attnviz.training.tasks import NOTHING, Answers, Task, Texts

LEARNING_RATE = 3e-3
SNAPSHOTS = 20  # besides the one before the first step
REPORTS = 100


def learn(run: Run, progress: Progress, cancelled: Cancelled) -> Training:
    """Train until the last step, or until `cancelled` says so between two steps."""
    with _one_thread(), torch.inference_mode(False), torch.enable_grad():
        return _learn(run, progress, cancelled)


def _learn(run: Run, progress: Progress, cancelled: Cancelled) -> Training:
    started = time.monotonic()
    encoder = new_encoder(run.shape, torch.Generator().manual_seed(run.seed))
    optimizer = torch.optim.Adam(encoder.parameters(), lr=LEARNING_RATE)
    held_out = examined_by(run)
    texts = to_learn(run.task, held_out, np.random.default_rng([run.seed, 0]))
    keep, tell = _milestones(run.steps, SNAPSHOTS), _milestones(run.steps, REPORTS)
    snapshots: list[Snapshot] = []
    history: list[Point] = []
    done = 0
    while True:
        loss, right, asked = _measured(encoder, *next(texts))  # of the model after `done` steps
        if done == 0 or done in keep:
            snapshots.append(_snapshot(done, encoder))
        if done in tell:
            point = Point(done, loss.item(), right / asked)
            history.append(point)
            left = (time.monotonic() - started) / done * (run.steps - done)
            progress(Report(done, run.steps, point.loss, point.accuracy, left))
        if done == run.steps or cancelled():
            break
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        done += 1
    if snapshots[-1].step != done:  # stopped between two snapshots
        snapshots.append(_snapshot(done, encoder))
    exam, final_loss = examine(encoder, held_out, run.task)
    seconds = time.monotonic() - started
    return Training(run, exam.share, final_loss, seconds, tuple(history), tuple(snapshots), exam)


def examined_by(run: Run) -> HeldOut:
    """The texts that a run is examined on: they depend on its task and its seed alone."""
    return hold_out(run.task, np.random.default_rng([run.seed, 1]))


def examine(encoder: Encoder, held_out: HeldOut, task: Task) -> tuple[Exam, float]:
    """How many answers are right, and the mean loss of an answer, each counted once."""
    right, asked, loss = 0, 0, 0.0
    with torch.no_grad():
        for texts in _batches(held_out):
            mean_loss, right_here, asked_here = _measured(encoder, texts, task.answers(texts))
            right, asked = right + right_here, asked + asked_here
            loss += mean_loss.item() * asked_here
    exam = Exam(sum(map(len, held_out.texts)), asked, right, held_out.is_new)
    return exam, loss / asked


def _batches(held_out: HeldOut) -> Iterator[Texts]:
    """Few enough texts at a time, so that long texts need no more memory than in a step."""
    for texts in held_out.texts:
        for start in range(0, len(texts), TEXTS):
            yield texts[start : start + TEXTS]


def _measured(encoder: Encoder, texts: Texts, answers: Answers) -> tuple[Tensor, int, int]:
    """The mean loss of the answers that are asked for, how many are right, and how many asked."""
    scores = encoder(torch.from_numpy(texts)).flatten(end_dim=-2)
    wanted = torch.from_numpy(answers).flatten()
    loss = nn.functional.cross_entropy(scores, wanted, ignore_index=NOTHING)
    right = (scores.argmax(dim=-1) == wanted) & (wanted != NOTHING)
    return loss, int(right.sum()), int((wanted != NOTHING).sum())


def examined_at(training: Training, step: int) -> tuple[Exam, float]:
    """What the model after so many steps answers to the final exam, and its mean loss.

    Raises:
        TrainingError: if no snapshot was taken there.
    """
    module = training.at_step(step).module
    if not isinstance(module, Encoder):
        raise TypeError(f"no encoder of ours: {type(module)}")
    return examine(module, examined_by(training.run), training.run.task)


def _snapshot(step: int, encoder: Encoder) -> Snapshot:
    weights = {name: weight.detach().clone() for name, weight in encoder.state_dict().items()}
    return Snapshot(step, weights)


def _milestones(steps: int, wanted: int) -> set[int]:
    """Steps at even distances, the last one among them."""
    return {round(steps * part / wanted) for part in range(1, wanted + 1)} - {0}


_threads = threading.Lock()
_trainings = 0
_threads_before = 1


@contextmanager
def _one_thread() -> Iterator[None]:
    """One torch thread while any training runs: the steps are too small to share."""
    global _trainings, _threads_before
    with _threads:
        if _trainings == 0:
            _threads_before = torch.get_num_threads()
        _trainings += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _threads:
            _trainings -= 1
            torch.set_num_threads(_threads_before)
