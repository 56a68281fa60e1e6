"""What is trained here: the runs that the chapter compares."""

from attnviz.lessons.engine import Scene
from attnviz.texts import Language, say
from attnviz.training.run import Run, checked
from attnviz.training.tasks import Task, task_called

HEADS = (1, 2, 4, 8)
SEEDS = range(4)
TASK, COUNTER_TASK = "eight-looks", "reverse"


def scene_task(scene: Scene) -> Task:
    """The task that the learner chose."""
    return task_called(str(scene.choice["task"]))


def run_of(scene: Scene, task: Task, heads: int) -> Run:
    """A training of one layer, with the seed that the learner chose."""
    return checked(task, heads, 1, scene.number("seed"), None)


def runs_by_task(scene: Scene) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """The runs on the task, and on the task that needs one look only."""
    counter = task_called(COUNTER_TASK)
    return (
        tuple(run_of(scene, scene_task(scene), heads) for heads in HEADS),
        tuple(run_of(scene, counter, heads) for heads in (HEADS[0], HEADS[-1])),
    )


def all_runs(scene: Scene) -> tuple[Run, ...]:
    """Every run of the chapter."""
    return sum(runs_by_task(scene), ())


def heads_called(heads: int, language: Language) -> str:
    """A number of heads in words."""
    if heads == 1:
        return say("train.compare_head", language)
    return say("train.compare_heads", language, heads=heads)
