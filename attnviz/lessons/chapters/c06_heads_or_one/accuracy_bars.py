"""Accuracy, side by side."""

from collections.abc import Sequence

from attnviz.digits import printed
from attnviz.lessons.accuracies import accuracies, accuracy
from attnviz.lessons.chapters.c06_heads_or_one.runs import (
    COUNTER_TASK,
    all_runs,
    heads_called,
    runs_by_task,
    scene_task,
)
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trained import finished
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.texts import say
from attnviz.training.record import Training
from attnviz.training.run import Run

text_of = texts_of(__name__)


def _draw_bars(scene: Scene) -> Drawing:
    trainings = {run: finished(scene, run) for run in all_runs(scene)}
    groups = [_group(scene, runs, trainings) for runs in runs_by_task(scene)]
    measured = scene.say(text_of("figure.measured"))
    root = element("div", *groups, element("p", measured, class_="formula"))
    accuracies = "; ".join(
        f"{_task_name(run, scene)} · {heads_called(run.heads, scene.language)}: "
        f"{accuracy(training)}"
        for run, training in trainings.items()
    )
    values = {
        "accuracies": {run.name: t and t.accuracy for run, t in trainings.items()},
        "theory": scene_task(scene).theory(layers=1),
    }
    return Drawing(root, f"{accuracies}. {measured}", scene.mode, values)


def _group(scene: Scene, runs: Sequence[Run], found: dict[Run, Training | None]) -> Element:
    """The bars of one task, and what one average can reach there."""
    title = scene.say(
        text_of("figure.group"),
        task=_task_name(runs[0], scene),
        seed=scene.number("seed"),
        steps=runs[0].steps,
        parameters=f"{runs[0].shape.parameters:,}",
    )
    theory = runs[0].task.theory(layers=1)
    drawn = accuracies(
        [(heads_called(run.heads, scene.language), found[run]) for run in runs],
        scene.mode,
        label=title,
        theory=None if theory is None else (scene.say(text_of("figure.theory")), theory),
    )
    return element("div", element("p", title, class_="title"), drawn)


def _task_name(run: Run, scene: Scene) -> str:
    return say(f"task.{run.task.name}", scene.language)


def _bars_numbers(scene: Scene) -> Numbers:
    task, runs = scene_task(scene), all_runs(scene)
    return {
        "asks": say(f"task.{task.name}_asks", scene.language),
        "theory": printed(task.theory(layers=1) or 0.0, 4),
        "other": say(f"task.{COUNTER_TASK}", scene.language),
        "other_asks": say(f"task.{COUNTER_TASK}_asks", scene.language),
        "done": sum(finished(scene, run) is not None for run in runs),
        "all": len(runs),
    }


PART = Part("bars", _draw_bars, _bars_numbers, uses=("task", "seed"))
