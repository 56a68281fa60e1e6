"""One hop, two hops: pointers that are followed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from attnviz.capture.run import trace as run_through
from attnviz.digits import printed
from attnviz.lessons.accuracies import accuracies, accuracy
from attnviz.lessons.chapters.c08_stacking.runs import ENCODERS, SEED, hop_runs
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trained import finished
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.texts import say
from attnviz.training.record import Training, replies_of
from attnviz.training.run import Run
from attnviz.training.tasks import task_called

text_of = texts_of(__name__)

COLUMNS = tuple(
    text_of(f"figure.columns.{name}")
    for name in (
        "place",
        "digit",
        "first_looks_at",
        "weight",
        "second_looks_at",
        "weight",
        "answer",
        "right_answer",
    )
)


TEXTS = range(4)


def pointers_text(number: int) -> str:
    """A text of digits, each the address of a place."""
    task = task_called("two-hop")
    return task.alphabet.text(task.draw(np.random.default_rng(number), 1)[0].tolist())


class Followed(NamedTuple):
    """What the encoder of two layers does at one place."""

    place: int
    digit: int  # the address that stands there
    first: int  # the place that layer 0 looks at most
    first_weight: float
    second: int  # the place that layer 1 looks at most
    second_weight: float
    said: str
    right: str | None


def _follow(text: str, training: Training) -> list[Followed]:
    """Both looks from every place, with their weights, and the answer."""
    seen = run_through(text, training.model)
    first, second = (seen.weights((layer, 0)) for layer in range(ENCODERS))
    replies = replies_of(training.model, training.run.task, text)
    return [
        Followed(
            place,
            int(seen.tokens[place].piece),
            int(first[place].argmax()),
            float(first[place].max()),
            int(second[place].argmax()),
            float(second[place].max()),
            replies[place].said,
            replies[place].right,
        )
        for place in range(len(seen.tokens))
    ]


def _draw_hops(scene: Scene) -> Drawing:
    found = {run: finished(scene, run) for run in hop_runs()}
    rows = [(_called(scene, run), training) for run, training in found.items()]
    title = scene.say(text_of("figure.accuracy_title"), seed=SEED)
    text, deep = pointers_text(scene.number("pointers")), list(found.values())[-1]
    followed = [] if deep is None else _follow(text, deep)
    root = element(
        "div",
        element("p", title, class_="title"),
        accuracies(rows, scene.mode, label=title),
        _missing(scene) if deep is None else _table(scene, text, deep, followed),
    )
    values = {
        "accuracies": {run.name: t and t.accuracy for run, t in found.items()},
        "text": text,
        "followed": followed,
    }
    said = "; ".join(f"{called}: {accuracy(training)}" for called, training in rows)
    return Drawing(root, f"{title}. {said}", scene.mode, values)


def _called(scene: Scene, run: Run) -> str:
    return scene.say(
        text_of("figure.row"), task=say(f"task.{run.task.name}", scene.language), count=run.layers
    )


def _missing(scene: Scene) -> Element:
    return element("p", scene.say(text_of("figure.no_stack")), class_="notice")


def _table(scene: Scene, text: str, training: Training, followed: Sequence[Followed]) -> Element:
    """The pointers, followed place by place."""
    columns = [scene.say(column, first=0, second=1) for column in COLUMNS]
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = [element("tr", *_cells(hops)) for hops in followed]
    table = element("table", element("thead", head), element("tbody", *body), class_="numbers")
    title = scene.say(
        text_of("figure.pointers_title"),
        title=training.model.card.called(scene.language),
        digits=text,
    )
    return element(
        "div",
        element("p", title, class_="title"),
        element("div", table, class_="scroll"),
        element("p", "softmax(q·kᵀ / √d_head)", class_="formula"),
    )


def _cells(hops: Followed) -> list[Element]:
    return [
        element("th", str(hops.place), scope="row"),
        element("td", str(hops.digit)),
        element("td", f"→ {hops.first}"),
        _weight(hops.first_weight),
        element("td", f"→ {hops.second}"),
        _weight(hops.second_weight),
        element("td", hops.said),
        element("td", hops.right or ""),
    ]


def _weight(weight: float) -> Element:
    return element("td", printed(weight, 3), class_="weight", data_value=repr(weight))


def _hops_numbers(scene: Scene) -> Numbers:
    runs = hop_runs()
    done = sum(finished(scene, run) is not None for run in runs)
    deep = finished(scene, runs[-1])
    return {
        "done": done,
        "all": len(runs),
        "found": scene.say(text_of("figure.no_stack"))
        if deep is None
        else _looks_found(scene, deep),
    }


def _looks_found(scene: Scene, deep: Training) -> str:
    """The mean weight on the true addresses, and how many answers are right."""
    text = pointers_text(scene.number("pointers"))
    trace = run_through(text, deep.model)
    digits = np.array([int(token.piece) for token in trace.tokens])
    places = np.arange(len(digits))
    first = trace.weights((0, 0))[places, digits].mean()
    second = trace.weights((1, 0))[places, digits[digits]].mean()
    right = sum(hops.said == hops.right for hops in _follow(text, deep))
    return scene.say(
        text_of("figure.followed"),
        first_layer=0,
        second_layer=1,
        first=printed(float(first), 3),
        second=printed(float(second), 3),
        right=right,
        places=len(digits),
    )


PART = Part("hops", _draw_hops, _hops_numbers, uses=("pointers",))
