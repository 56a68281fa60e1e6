"""What one training is asked to do, checked against the limits."""

from dataclasses import dataclass

from attnviz import checks
from attnviz.errors import TrainingError
from attnviz.models.small.shape import EncoderShape
from attnviz.training.tasks import Task

MOST_STEPS = 5_000
MOST_LAYERS = 4
MOST_HEADS = 16
MOST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Run:
    """One training, named by everything that its result depends on."""

    task: Task
    heads: int
    layers: int
    seed: int
    steps: int

    @property
    def shape(self) -> EncoderShape:
        """The encoder that is trained."""
        return self.task.shape(self.heads, self.layers)

    @property
    def name(self) -> str:
        """The run in file names and model cards."""
        return f"{self.task.name}-{self.layers}x{self.heads}-seed{self.seed}-{self.steps}"


def checked(task: Task, heads: int, layers: int, seed: int, steps: int | None) -> Run:
    """A run within the limits; `None` steps are as many as the task needs.

    Raises:
        TrainingError: if something is beyond them.
    """
    fitting = [n for n in range(1, MOST_HEADS + 1) if task.d_model % n == 0]
    wanted = checks.number(heads)
    if wanted is None or wanted not in fitting:
        choices = ", ".join(map(str, fitting))
        raise TrainingError("heads_do_not_fit", heads=checks.quoted(heads), choices=choices)
    return Run(
        task,
        wanted,
        _within("layers_beyond", layers, 1, MOST_LAYERS),
        _within("seed_beyond", seed, 0, MOST_SEED),
        _within("steps_beyond", task.steps if steps is None else steps, 1, MOST_STEPS),
    )


def _within(key: str, given: int, least: int, most: int) -> int:
    """A whole number of any type as Python's own, between two others."""
    number = checks.number(given)
    if number is None or not least <= number <= most:
        said = checks.quoted(given) if number is None else f"{number:,}"
        raise TrainingError(key, given=said, least=least, most=f"{most:,}")
    return number
