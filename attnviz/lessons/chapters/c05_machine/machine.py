"""The machine: one layer from X to R, box by box."""

import numpy as np

from attnviz.core.card import Projected
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.engine import Part, Scene
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import Paint, code
from attnviz.pictures.tensor import tensor

Box = tuple[str, np.ndarray, Paint, bool]  # name, numbers, colour, rows are tokens


def _boxes(trace: Trace, head: HeadId) -> list[tuple[str, list[Box]]]:
    """What stands side by side, from the entrance of the layer to its exit, after which step."""
    layer, index = head
    record = trace.record(layer)

    def learned(kind: Projected) -> np.ndarray:
        return trace.input_projection(head, kind).weight

    entering = "X" if layer == 0 else f"R (L{layer - 1}) = X"
    z = [
        (f"Z · {h}", trace.head_output(layer)[h.head], code(h.head), True)
        for h in _of(trace, layer)
    ]
    return [
        ("", [(entering, trace.residual(layer), style.X if layer == 0 else style.R, True)]),
        (
            f"↓ × {trace.model.heads}",
            [
                (f"W_Q · {head}", learned("query"), style.Q, False),
                (f"W_K · {head}", learned("key"), style.K, False),
                (f"W_V · {head}", learned("value"), style.V, False),
            ],
        ),
        (
            "↓ X · W + b",
            [
                (f"Q · {head}", trace.queries(layer)[index], style.Q, True),
                (f"K · {head}", record.shared(record.keys, index), style.K, True),
                (f"V · {head}", record.shared(record.values, index), style.V, True),
            ],
        ),
        ("↓", [(f"Q Kᵀ / √d · {head}", trace.scores(head), style.SCORE, True)]),
        ("↓ softmax", [(f"softmax · {head}", trace.weights(head), style.SCORE, True)]),
        ("↓ · V", z),
        ("↓ concat", [("concat(Z)", trace.record(layer).concat, style.Z, True)]),
        (
            "↓ · W_O + b",
            [
                (f"W_O · {head}", trace.output_projection(head), style.GREY, False),
                ("Z = concat · W_O + b", trace.attention_output(layer), style.Z, True),
            ],
        ),
        ("↓ + X, LayerNorm", [("Add & Norm", trace.after_attention(layer), style.Z, True)]),
        ("↓ + FFN, LayerNorm", [("R", trace.residual(layer + 1), style.R, True)]),
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
    title, values, paint, rows_are_tokens = box
    tokens = [token.name for token in scene.trace.tokens]
    square = values.shape == (len(tokens), len(tokens))
    rows = tokens if rows_are_tokens else [str(i) for i in range(len(values))]
    inside = tensor(
        values,
        title,
        rows,
        paint,
        scene.mode,
        scene.language,
        marked=scene.number("word") if rows_are_tokens else None,
        columns=tokens if square and rows_are_tokens else None,
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
