"""Target shares: how much of its attention each head gives to each true target of a task."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.on_target import on_target
from attnviz.capture.run import trace
from attnviz.models.load import Model
from attnviz.runtime.cache import Cache
from attnviz.training.record import Training
from attnviz.training.tasks import Task

TEXTS = 16
_means: Cache[Float[np.ndarray, "layer head target"]] = Cache()


def target_shares(model: Model, task: Task, text: str) -> Float[np.ndarray, "layer head target"]:
    """The share of each head's attention on each true target of a task, on one text.

    Raises:
        TextError: if the text is not one that the task's alphabet can read.
    """
    seen = trace(text, model)
    ids = [[task.alphabet.symbols.index(token.piece) for token in seen.tokens]]
    weights = np.stack([seen.layer_weights(layer) for layer in range(seen.model.layers)])
    return on_target(weights, task.targets(np.array(ids))[:, 0])


def mean_target_shares(
    model: Model, task: Task, seed: int = 0, texts: int = TEXTS
) -> Float[np.ndarray, "layer head target"]:
    """The mean over random texts of the task, computed once for a model."""
    key = (model.name, model.card.revision, task, seed, texts)
    return _means.get(key, lambda: _mean(model, task, seed, texts), is_light=True)


def share_course(training: Training) -> Float[np.ndarray, "snapshot layer head target"]:
    """The mean target shares at each snapshot of a training."""
    task = training.run.task
    models = (training.model_at(snapshot) for snapshot in training.snapshots)
    return np.stack([mean_target_shares(model, task) for model in models])


def _mean(
    model: Model, task: Task, seed: int, texts: int
) -> Float[np.ndarray, "layer head target"]:
    generator = np.random.default_rng(seed)
    drawn = [task.alphabet.text(task.draw(generator, 1)[0].tolist()) for _ in range(texts)]
    mean: np.ndarray = np.mean([target_shares(model, task, text) for text in drawn], axis=0)
    mean.flags.writeable = False
    return mean
