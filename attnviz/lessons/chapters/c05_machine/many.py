"""Several heads taken away together."""

from collections.abc import Sequence

import numpy as np

from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.experiments.heads_off_in_order import heads_off_in_order
from attnviz.experiments.rerun import heads_off
from attnviz.experiments.sentence_vector import moved, sentence_vector
from attnviz.lessons.chapters.c05_machine.limit import LIMIT
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.curve import Series, curve
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.style import Paint

text_of = texts_of(__name__)


def _scene_move(scene: Scene) -> float | None:
    """How far the sentence vector moves with the chosen heads off."""
    if not scene.heads("off"):
        return None
    trace = heads_off(scene.trace, scene.heads("off"))
    depth = trace.model.layers
    before, after = (sentence_vector(t.residual(depth)) for t in (scene.trace, trace))
    return float(moved(before, after))


def _orders(trace: Trace) -> Sequence[tuple[str, np.ndarray, Paint]]:
    return (
        ("least", heads_off_in_order(trace, "least"), style.V),
        ("random", heads_off_in_order(trace, "random"), style.GREY),
        ("most", heads_off_in_order(trace, "most"), style.Z),
    )


ORDERS = {name: text_of(f"figure.orders.{name}") for name in ("least", "random", "most")}


def _draw_many(scene: Scene) -> Drawing:
    orders = _orders(scene.trace)
    count = len(scene.trace.heads)
    series = [
        Series(
            ORDERS[order_name][scene.language],
            [0.0, *map(float, moves)],
            getattr(paint, scene.mode),
        )
        for order_name, moves, paint in orders
    ]
    move = _scene_move(scene)
    formula = (
        ""
        if move is None
        else f"{', '.join(map(str, scene.heads('off')))} → 1 − cos = {printed(move, 4)}"
    )
    root = element(
        "div",
        element(
            "p", f"{scene.trace.model.called(scene.language)} · 1 − cos(s, s′)", class_="title"
        ),
        curve(
            list(range(count + 1)),
            series,
            scene.mode,
            name_across="k",
            level=(LIMIT, f"{LIMIT:.2f}"),
        ),
        element("p", formula, class_="formula") if formula else None,
    )
    values = {order_name: moves for order_name, moves, _ in orders} | {"chosen": move}
    ends = "; ".join(
        f"{order.name}: {_can_go(moves)}"
        for order, (_, moves, _) in zip(series, orders, strict=True)
    )
    return Drawing(root, f"1 − cos ≤ {LIMIT:.2f}: {ends}", scene.mode, values)


def _can_go(moves: np.ndarray) -> int:
    """How many heads can go before the first move beyond the limit."""
    first_beyond = np.flatnonzero(moves > LIMIT)
    return int(first_beyond[0]) if len(first_beyond) else len(moves)


def _many_numbers(scene: Scene) -> Numbers:
    least, random, most = (moves for _, moves, _ in _orders(scene.trace))
    return {
        "limit": f"{LIMIT:.2f}",
        "least": _can_go(least),
        "random": _can_go(random),
        "most": _can_go(most),
        "all": printed(float(least[-1]), 3),
    }


PART = Part("many", _draw_many, _many_numbers, uses=("off",))
