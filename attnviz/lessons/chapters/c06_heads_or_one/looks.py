"""Which head looks where."""

import numpy as np

from attnviz.core.heads import HeadId
from attnviz.lessons.chapters.c06_heads_or_one.notice import notice
from attnviz.lessons.chapters.c06_heads_or_one.runs import HEADS, run_of, task_asked
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trained import finished
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import numbers, printed
from attnviz.texts import say
from attnviz.training.looks import TEXTS, mean_looks
from attnviz.training.record import Training

text_of = texts_of(__name__)

HALF = 0.5  # of a head's attention, from which a place counts as its job


def _widest(scene: Scene) -> Training | None:
    """The training with the most heads, if it is finished."""
    return finished(scene, run_of(scene, task_asked(scene), HEADS[-1]))


def _draw_looks(scene: Scene) -> Drawing:
    training = _widest(scene)
    if training is None:
        return notice(_not_yet(scene), scene)
    shares = mean_looks(training.model, training.run.task)[0]
    card = training.model.card
    rows = [str(HeadId(0, head)) for head in range(card.heads)]
    title = scene.say(text_of("figure.looks_title"), title=card.called(scene.language), texts=TEXTS)
    table = numbers(
        shares, rows, _places(training), style.SCORE, scene.mode, decimals=2, largest=1.0
    )
    root = element("div", element("p", title, class_="title"), table)
    return Drawing(root, f"{title}. {_strongest(scene, training)}", scene.mode, {"looks": shares})


def _places(training: Training) -> list[str]:
    """The looks as signed distances: these tasks ask for offsets alone."""
    return [look.removeprefix("offset").replace("-", "−") for look in training.run.task.looks]


def _not_yet(scene: Scene) -> str:
    task = say(f"task.{task_asked(scene).name}", scene.language)
    return scene.say(
        text_of("figure.not_yet"), task=task, count=HEADS[-1], seed=scene.number("seed")
    )


def _strongest(scene: Scene, training: Training) -> str:
    shares = mean_looks(training.model, training.run.task)[0]
    head, look = np.unravel_index(int(shares.argmax()), shares.shape)
    return scene.say(
        text_of("figure.found"),
        single=int((shares.max(axis=1) > HALF).sum()),
        count=len(shares),
        share=printed(float(shares.max()), 2),
        head=HeadId(0, int(head)),
        place=_places(training)[int(look)],
    )


def _looks_numbers(scene: Scene) -> Numbers:
    training = _widest(scene)
    return {"found": _not_yet(scene) if training is None else _strongest(scene, training)}


PART = Part("looks", _draw_looks, _looks_numbers)
