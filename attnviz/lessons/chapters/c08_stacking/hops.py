"""One hop, two hops: pointers that are followed."""

import numpy as np

from attnviz.capture.run import trace as run_through
from attnviz.digits import printed
from attnviz.lessons.accuracies import accuracies, accuracy
from attnviz.lessons.chapters.c08_stacking.followed import follow
from attnviz.lessons.chapters.c08_stacking.pointer_row import pointers
from attnviz.lessons.chapters.c08_stacking.runs import SEED, hop_runs
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trained import finished
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.texts import say
from attnviz.training.record import Training
from attnviz.training.run import Run

text_of = texts_of(__name__)


def digits_of(scene: Scene) -> str:
    """The learner's digits, each the address of a place."""
    return str(scene.choice["pointers"]).removeprefix("d")


def _draw_hops(scene: Scene) -> Drawing:
    trainings = {run: finished(scene, run) for run in hop_runs()}
    rows = [(_called(scene, run), training) for run, training in trainings.items()]
    title = scene.say(text_of("figure.accuracy_title"), seed=SEED)
    text, deep = digits_of(scene), list(trainings.values())[-1]
    followed = [] if deep is None else follow(text, deep)
    root = element(
        "div",
        pointers(scene, text, followed) if followed else _missing(scene),
        element("p", title, class_="title"),
        accuracies(rows, scene.mode, label=title),
    )
    values = {
        "accuracies": {run.name: t and t.accuracy for run, t in trainings.items()},
        "text": text,
        "followed": followed,
    }
    rows_told = "; ".join(f"{called}: {accuracy(training)}" for called, training in rows)
    return Drawing(root, f"{title}. {rows_told}", scene.mode, values)


def _called(scene: Scene, run: Run) -> str:
    return scene.say(
        text_of("figure.row"), task=say(f"task.{run.task.name}", scene.language), count=run.layers
    )


def _missing(scene: Scene) -> Element:
    return element("p", scene.say(text_of("figure.no_stack")), class_="notice")


def _hops_numbers(scene: Scene) -> Numbers:
    runs = hop_runs()
    trained = sum(finished(scene, run) is not None for run in runs)
    deep = finished(scene, runs[-1])
    return {
        "done": trained,
        "all": len(runs),
        "found": scene.say(text_of("figure.no_stack"))
        if deep is None
        else _looks_found(scene, deep),
    }


def _looks_found(scene: Scene, deep: Training) -> str:
    """The mean weight on the true addresses, and how many answers are right."""
    text = digits_of(scene)
    trace = run_through(text, deep.model)
    digits = np.array([int(token.piece) for token in trace.tokens])
    places = np.arange(len(digits))
    first = trace.weights((0, 0))[places, digits].mean()
    second = trace.weights((1, 0))[places, digits[digits]].mean()
    right = sum(hops.said == hops.right for hops in follow(text, deep))
    return scene.say(
        text_of("figure.followed"),
        first_layer=0,
        second_layer=1,
        first=printed(float(first), 3),
        second=printed(float(second), 3),
        right=right,
        places=len(digits),
    )


PART = Part("hops", _draw_hops, _hops_numbers, uses=("pointers", "start"))
