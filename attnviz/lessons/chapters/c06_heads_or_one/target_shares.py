"""Target shares: how much of its attention each head gives to each true target."""

import numpy as np

from attnviz.core.heads import HeadId
from attnviz.digits import printed
from attnviz.lessons.chapters.c06_heads_or_one.notice import notice
from attnviz.lessons.chapters.c06_heads_or_one.runs import HEADS, run_of, scene_task
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trained import finished
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import number_table
from attnviz.texts import say
from attnviz.training.record import Training
from attnviz.training.target_shares import TEXTS, mean_target_shares

text_of = texts_of(__name__)

HALF = 0.5  # of a head's attention, from which a place counts as its job


def _widest(scene: Scene) -> Training | None:
    """The training with the most heads, if it is finished."""
    return finished(scene, run_of(scene, scene_task(scene), HEADS[-1]))


def _draw_target_shares(scene: Scene) -> Drawing:
    training = _widest(scene)
    if training is None:
        return notice(_not_yet(scene), scene)
    shares = mean_target_shares(training.model, training.run.task)[0]
    card = training.model.card
    rows = [str(HeadId(0, head)) for head in range(card.heads)]
    title = scene.say(text_of("figure.looks_title"), title=card.called(scene.language), texts=TEXTS)
    table = number_table(
        shares, rows, _target_distances(training), style.SCORE, scene.mode, decimals=2, largest=1.0
    )
    root = element("div", element("p", title, class_="title"), table)
    return Drawing(root, f"{title}. {_strongest(scene, training)}", scene.mode, {"looks": shares})


def _target_distances(training: Training) -> list[str]:
    """The targets as signed distances: these tasks ask for offsets alone."""
    return [
        target.removeprefix("offset").replace("-", "−") for target in training.run.task.target_names
    ]


def _not_yet(scene: Scene) -> str:
    task = say(f"task.{scene_task(scene).name}", scene.language)
    return scene.say(
        text_of("figure.not_yet"), task=task, count=HEADS[-1], seed=scene.number("seed")
    )


def _strongest(scene: Scene, training: Training) -> str:
    shares = mean_target_shares(training.model, training.run.task)[0]
    head, target = np.unravel_index(int(shares.argmax()), shares.shape)
    return scene.say(
        text_of("figure.found"),
        single=int((shares.max(axis=1) > HALF).sum()),
        count=len(shares),
        share=printed(float(shares.max()), 2),
        head=HeadId(0, int(head)),
        place=_target_distances(training)[int(target)],
    )


def _target_share_numbers(scene: Scene) -> Numbers:
    training = _widest(scene)
    return {"found": _not_yet(scene) if training is None else _strongest(scene, training)}


PART = Part("looks", _draw_target_shares, _target_share_numbers)
