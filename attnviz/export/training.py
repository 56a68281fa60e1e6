"""The numbers of a training as CSV: its course, and where each head looks."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from attnviz.export.table import table
from attnviz.texts import Language
from attnviz.training.record import Training
from attnviz.version import versions


def course_csv(training: Training, language: Language = "en") -> str:
    """Loss and accuracy at each step that was measured."""
    rows = [(point.step, point.loss, point.accuracy) for point in training.history]
    return _table(training, ("step", "loss", "accuracy"), rows, language)


def looks_csv(
    training: Training, shares: Float[np.ndarray, "layer head look"], language: Language = "en"
) -> str:
    """The mean share of each head's attention on each target."""
    looks = training.run.task.looks
    rows = [
        (f"L{layer}·H{head}", looks[look], float(share))
        for (layer, head, look), share in np.ndenumerate(shares)
    ]
    return _table(training, ("head", "look", "share"), rows, language)


def comparison_csv(trainings: Sequence[Training], language: Language) -> str:
    """One row a training: what was trained, what it reached, and how to make it again."""
    names = ("task", "heads", "layers", "seed", "steps", "parameters", "accuracy", "loss", "again")
    rows = [
        (
            one.run.task.name,
            one.run.heads,
            one.run.layers,
            one.run.seed,
            one.steps,
            one.parameters,
            one.accuracy,
            one.loss,
            one.model.card.made_by,
        )
        for one in trainings
    ]
    return table(names, rows, versions(), language)


def _table(
    training: Training,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    language: Language,
) -> str:
    card = training.model.card
    facts = {
        **versions(),
        "model": card.title,
        "revision": card.revision,
        "again": f"import attnviz; model = {card.made_by}",
    }
    return table(columns, rows, facts, language)
