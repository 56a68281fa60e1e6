"""The numbers of a training as CSV: its course, and its heads' shares on each target."""

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


def target_shares_csv(
    training: Training, shares: Float[np.ndarray, "layer head target"], language: Language = "en"
) -> str:
    """The mean share of each head's attention on each target."""
    names = training.run.task.target_names
    rows = [
        (f"L{layer}·H{head}", names[target], float(share))
        for (layer, head, target), share in np.ndenumerate(shares)
    ]
    return _table(training, ("head", "look", "share"), rows, language)


def comparison_csv(trainings: Sequence[Training], language: Language) -> str:
    """One row a training: what was trained, what it reached, and how to make it again."""
    names = ("task", "heads", "layers", "seed", "steps", "parameters", "accuracy", "loss", "again")
    rows = [
        (
            training.run.task.name,
            training.run.heads,
            training.run.layers,
            training.run.seed,
            training.steps,
            training.parameters,
            training.accuracy,
            training.loss,
            training.model.card.made_by,
        )
        for training in trainings
    ]
    return table(names, rows, versions(), language)


def _table(
    training: Training,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    language: Language,
) -> str:
    card = training.model.card
    provenance = {
        **versions(),
        "model": card.title,
        "revision": card.revision,
        "again": f"import attnviz; model = {card.made_by}",
    }
    return table(columns, rows, provenance, language)
