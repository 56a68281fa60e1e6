"""The numbers of a training as CSV: its course, and where each head looks."""

import csv
import io
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from attnviz.training.record import Training
from attnviz.version import versions_text


def course_csv(training: Training) -> str:
    """Loss and accuracy at each step that was measured."""
    points = training.history
    rows = [(point.step, repr(point.loss), repr(point.accuracy)) for point in points]
    return _table(training, ("step", "loss", "accuracy"), rows)


def looks_csv(training: Training, shares: Float[np.ndarray, "layer head look"]) -> str:
    """The mean share of each head's attention on each target."""
    looks = training.run.task.looks
    rows = [
        (f"L{layer}·H{head}", looks[look], repr(float(share)))
        for (layer, head, look), share in np.ndenumerate(shares)
    ]
    return _table(training, ("head", "look", "share"), rows)


def comparison_csv(trainings: Sequence[Training]) -> str:
    """One row a training: what was trained, what it reached, and how to make it again."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["# versions", versions_text()])
    names = ("task", "heads", "layers", "seed", "steps", "parameters", "accuracy", "loss", "again")
    writer.writerow(names)
    for one in trainings:
        run = one.run
        measured = (one.steps, one.parameters, repr(one.accuracy), repr(one.loss))
        again = one.model.card.made_by
        writer.writerow([run.task.name, run.heads, run.layers, run.seed, *measured, again])
    return file.getvalue()


def _table(training: Training, names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table below rows that begin with # and say where it is from."""
    file = io.StringIO()
    writer = csv.writer(file)
    model = training.model.card
    for name, value in (
        ("versions", versions_text()),
        ("model", model.title),
        ("revision", model.revision),
        ("again", model.made_by),
    ):
        writer.writerow([f"# {name}", value])
    writer.writerow(names)
    writer.writerows(rows)
    return file.getvalue()
