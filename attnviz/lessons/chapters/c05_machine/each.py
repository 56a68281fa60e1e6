"""Every head taken away alone."""

import numpy as np

from attnviz.digits import printed
from attnviz.experiments.each_head_off import each_head_off
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import number_table


def _draw_each(scene: Scene) -> Drawing:
    moves = each_head_off(scene.trace)
    rows = [f"L{layer}" for layer in range(len(moves))]
    columns = [f"H{head}" for head in range(moves.shape[1])]
    worst = scene.trace.heads[int(moves.argmax())]
    marked = (worst.layer, worst.head)
    title = f"{scene.trace.model.called(scene.language)} · 1 − cos(s, s′)"
    root = element(
        "div",
        element("p", title, class_="title"),
        number_table(moves, rows, columns, style.SCORE, scene.mode, decimals=4, marked=marked),
    )
    return Drawing(root, f"{title}: {worst} {moves.max():.4f}", scene.mode, {"moves": moves})


def _each_numbers(scene: Scene) -> Numbers:
    moves = each_head_off(scene.trace)
    return {
        "median": printed(float(np.median(moves)), 4),
        "most": printed(float(moves.max()), 4),
        "worst": scene.trace.heads[int(moves.argmax())],
    }


PART = Part("each", _draw_each, _each_numbers)
