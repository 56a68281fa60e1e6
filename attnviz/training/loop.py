"""The loop: Adam on new random texts, step by step, with every draw from the run's seed.

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

from attnviz.models.encoder import Encoder, new_encoder
from attnviz.training.record import Cancelled, Point, Progress, Report, Snapshot, Training
from attnviz.training.run import Run
from attnviz.training.tasks import NOTHING, Task

TEXTS = 64  # in one step
LEARNING_RATE = 3e-3
SNAPSHOTS = 20  # besides the one before the first step
REPORTS = 100
TEST_BATCHES = 16


def learn(run: Run, progress: Progress, cancelled: Cancelled) -> Training:
    """Train until the last step, or until `cancelled` says so between two steps."""
    with _one_thread(), torch.inference_mode(False), torch.enable_grad():
        return _learn(run, progress, cancelled)


def _learn(run: Run, progress: Progress, cancelled: Cancelled) -> Training:
    started = time.monotonic()
    encoder = new_encoder(run.shape, torch.Generator().manual_seed(run.seed))
    optimizer = torch.optim.Adam(encoder.parameters(), lr=LEARNING_RATE)
    texts = np.random.default_rng([run.seed, 0])
    keep, tell = _milestones(run.steps, SNAPSHOTS), _milestones(run.steps, REPORTS)
    snapshots = [_snapshot(0, encoder)]
    history: list[Point] = []
    done = 0
    while done < run.steps and not cancelled():
        loss, accuracy = examine(encoder, run.task, texts)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        done += 1
        if done in keep:
            snapshots.append(_snapshot(done, encoder))
        if done in tell:
            history.append(Point(done, loss.item(), accuracy))
            left = (time.monotonic() - started) / done * (run.steps - done)
            progress(Report(done, run.steps, loss.item(), accuracy, left))
    if snapshots[-1].step != done:  # stopped between two snapshots
        snapshots.append(_snapshot(done, encoder))
    final_loss, final_accuracy = held_out(encoder, run)
    seconds = time.monotonic() - started
    return Training(run, final_accuracy, final_loss, seconds, tuple(history), tuple(snapshots))


def examine(
    encoder: Encoder, task: Task, generator: np.random.Generator, texts: int = TEXTS
) -> tuple[Tensor, float]:
    """The loss and the accuracy on new texts, over all questions that have an answer."""
    symbols = task.draw(generator, texts)
    scores = encoder(torch.from_numpy(symbols)).flatten(end_dim=-2)
    answers = torch.from_numpy(task.answers(symbols)).flatten()
    asked = answers != NOTHING
    loss = nn.functional.cross_entropy(scores, answers, ignore_index=NOTHING)
    right = (scores.argmax(dim=-1) == answers)[asked]
    return loss, right.float().mean().item()


def held_out(encoder: Encoder, run: Run) -> tuple[float, float]:
    """The mean loss and accuracy on new texts, the same for every run with this seed."""
    generator = np.random.default_rng([run.seed, 1])
    with torch.no_grad():
        results = [examine(encoder, run.task, generator) for _ in range(TEST_BATCHES)]
    losses, accuracies = zip(*((loss.item(), accuracy) for loss, accuracy in results), strict=True)
    return float(np.mean(losses)), float(np.mean(accuracies))


def held_out_at(training: Training, step: int) -> tuple[float, float]:
    """The mean loss and accuracy after so many steps, on the texts of the final ones.

    Raises:
        TrainingError: if no snapshot was taken there.
    """
    module = training.at_step(step).module
    if not isinstance(module, Encoder):
        raise TypeError(f"no encoder of ours: {type(module)}")
    return held_out(module, training.run)


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
