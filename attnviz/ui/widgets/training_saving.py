"""Saving what a training has shown, as tables."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.export.training import comparison_csv, course_csv, target_shares_csv
from attnviz.texts import say
from attnviz.training.record import Training
from attnviz.ui.components.figures import lazy_popover
from attnviz.ui.frame import language
from attnviz.ui.widgets.downloads import save_button


def save_training(training: Training, shares: Float[np.ndarray, "layer head target"]) -> None:
    """A training's course and target shares as tables."""
    name, spoken = training.run.name, language()
    with lazy_popover(say("page.save", language()), "save_training_open") as is_open:
        if is_open:
            course, shares_file = f"{name}-course.csv", f"{name}-looks.csv"
            save_button("course", course, "text/csv", lambda: course_csv(training, spoken).encode())
            save_button(
                "looks",
                shares_file,
                "text/csv",
                lambda: target_shares_csv(training, shares, spoken).encode(),
            )


def save_comparison(trainings: Sequence[Training]) -> None:
    """What compared trainings have reached, as a table."""
    name, spoken = "attnviz-one-head-against-eight.csv", language()
    with lazy_popover(say("page.save", language()), "save_comparison_open") as is_open:
        if is_open:
            save_button(
                "comparison", name, "text/csv", lambda: comparison_csv(trainings, spoken).encode()
            )
