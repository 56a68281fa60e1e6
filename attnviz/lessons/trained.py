"""Trainings that a scene may show: those that the learner asked for, and the shipped ones."""

from attnviz.lessons.engine import Scene
from attnviz.training import checkpoint
from attnviz.training.record import Training
from attnviz.training.run import Run


def finished(scene: Scene, run: Run) -> Training | None:
    """The result of a run, if somebody has it: trained for this scene, or shipped.

    A shipped checkpoint stands for a run of its task, heads, layers, seed and steps.
    """
    trainings = (training for training in scene.trainings if training.run == run)
    return next(trainings, None) or shipped().get(run)


def shipped() -> dict[Run, Training]:
    """The checkpoints that come with the package, by their run."""
    return {t.run: t for t in map(checkpoint.load_shipped, checkpoint.shipped())}
