"""The machine: one layer from X to R, box by box."""

from typing import Literal

import numpy as np

from attnviz.core.card import Projected
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.engine import Part, Scene
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import Paint, code
from attnviz.pictures.tensor import tensor

Rows = Literal["token", "number", "query"]  # "query": each column is a key
Box = tuple[str, np.ndarray, Paint, Rows]  # name, numbers, colour, what a row is


def _boxes(trace: Trace, head: HeadId) -> list[tuple[str, list[Box]]]:
    """What stands side by side, from the entrance of the layer to its exit, after which step."""
    layer, index = head
    record = trace.record(layer)

    def learned(kind: Projected) -> np.ndarray:
        return trace.input_projection(head, kind).weight

    entering = "X" if layer == 0 else f"R (L{layer - 1}) = X"
    z: list[Box] = [
        (f"z · {h}", trace.head_output(layer)[h.head], code(h.head), "token")
        for h in _of(trace, layer)
    ]
    return [
        ("", [(entering, trace.residual(layer), style.X if layer == 0 else style.R, "token")]),
        (
            f"↓ × {trace.model.heads}",
            [
                (f"W_Q · {head}", learned("query"), style.Q, "number"),
                (f"W_K · {head}", learned("key"), style.K, "number"),
                (f"W_V · {head}", learned("value"), style.V, "number"),
            ],
        ),
        (
            "↓ X · W + b",
            [
                (f"Q · {head}", trace.queries(layer)[index], style.Q, "token"),
                (f"K · {head}", record.shared(record.keys, index), style.K, "token"),
                (f"V · {head}", record.shared(record.values, index), style.V, "token"),
            ],
        ),
        ("↓", [(f"Q Kᵀ / √d · {head}", trace.scores(head), style.SCORE, "query")]),
        ("↓ softmax", [(f"softmax · {head}", trace.weights(head), style.SCORE, "query")]),
        ("↓ · V", z),
        ("↓ concat", [("concat(Z)", trace.record(layer).concat, style.Z, "token")]),
        (
            "↓ · W_O + b",
            [
                (f"W_O · {head}", trace.output_projection(head), style.GREY, "number"),
                ("Z = concat · W_O + b", trace.attention_output(layer), style.Z, "token"),
            ],
        ),
        ("↓ + X, LayerNorm", [("Add & Norm", trace.after_attention(layer), style.Z, "token")]),
        ("↓ + FFN, LayerNorm", [("R", trace.residual(layer + 1), style.R, "token")]),
    ]


def _of(trace: Trace, layer: int) -> list[HeadId]:
    """All heads of a layer."""
    return [HeadId(layer, head) for head in range(trace.model.heads)]


def _draw_machine(scene: Scene) -> Drawing:
    trace, head = scene.trace, scene.head()
    levels = _boxes(trace, head)
    flow: list[Element] = []
    for step, level in levels:
        if step:
            flow.append(element("div", step, class_="arrow"))
        flow.append(element("div", *(_box(scene, box) for box in level), class_="row"))
    back = head.layer + 1 < trace.model.layers
    flow.append(element("div", f"↻ R = X (L{head.layer + 1})" if back else "⏹", class_="arrow"))
    title = f"{trace.model.called(scene.language)} · {head}"
    root = element("div", element("p", title, class_="title"), element("div", *flow, class_="flow"))
    boxes = [box for _, level in levels for box in level]
    shapes = ", ".join(f"{box[0]} {box[1].shape[0]} × {box[1].shape[1]}" for box in boxes)
    return Drawing(root, f"{title}: {shapes}", scene.mode, {box[0]: box[1] for box in boxes})


def _box(scene: Scene, box: Box) -> Element:
    title, values, paint, kind = box
    tokens = [token.name for token in scene.trace.tokens]
    rows = [str(i) for i in range(len(values))] if kind == "number" else tokens
    is_attention = kind == "query"
    inside = tensor(
        values,
        title,
        rows,
        paint,
        scene.mode,
        scene.language,
        marked=None if kind == "number" else scene.number("word"),
        columns=tokens if is_attention else None,
        allowed=scene.trace.allowed(scene.head()) if is_attention else None,
    )
    summary = element(
        "summary",
        element("strong", title, style=f"color:{getattr(paint, scene.mode)}"),
        " ",
        element("span", f"{values.shape[0]} × {values.shape[1]}", class_="shape"),
    )
    return element("details", summary, inside, class_="box", data_name=title)


PART = Part(
    "machine",
    _draw_machine,
    lambda scene: {"head": scene.head(), "followed": scene.token.name},
)
