"""The projections: X, three matrices, and the Q, K, V of two heads."""

import numpy as np

from attnviz.core.card import Projected
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.engine import Part, Scene
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.tensor import tensor

PAINTS: dict[Projected, style.Paint] = {"query": style.Q, "key": style.K, "value": style.V}
LETTERS: dict[Projected, str] = {"query": "Q", "key": "K", "value": "V"}


def _projected(trace: Trace, head: HeadId, kind: Projected) -> np.ndarray:
    arrays = {"query": trace.queries, "key": trace.keys, "value": trace.values}[kind]
    found: np.ndarray = arrays(head.layer)[head.head]
    return found


def _draw_projections(scene: Scene) -> Drawing:
    heads = list(dict.fromkeys([scene.head("head"), scene.head("other")]))
    layers = list(dict.fromkeys(head.layer for head in heads))
    root = element(
        "div",
        *(_entering(scene, layer) for layer in layers),
        *(_one_head(scene, head) for head in heads),
        class_="heads",
    )
    said = ", ".join(str(head) for head in heads)
    values = {str(h): {LETTERS[k]: _projected(scene.trace, h, k) for k in PAINTS} for h in heads}
    alt = f"{scene.trace.model.called(scene.language)} · {said}: X · W = Q, K, V"
    return Drawing(root, alt, scene.mode, values)


def _entering(scene: Scene, layer: int) -> Element:
    """What enters a layer: the embeddings, or r of the layer below."""
    tokens = [token.name for token in scene.trace.tokens]
    entering = "X (L0)" if layer == 0 else f"X (L{layer}) = R (L{layer - 1})"
    return tensor(
        scene.trace.residual(layer),
        entering,
        tokens,
        style.X,
        scene.mode,
        scene.language,
        marked=scene.number("word"),
    )


def _one_head(scene: Scene, head: HeadId) -> Element:
    """Each matrix of a head with what it makes of X."""
    trace, mode, language = scene.trace, scene.mode, scene.language
    tokens = [token.name for token in trace.tokens]
    rows = []
    for kind, paint in PAINTS.items():
        matrix = trace.input_projection(head, kind)
        letter, inputs = LETTERS[kind], [str(i) for i in range(len(matrix.weight))]
        made = _projected(trace, head, kind)
        at = scene.number("word")
        rows.append(
            element(
                "div",
                element("span", "X ×", class_="sign"),
                tensor(matrix.weight, f"W_{letter}", inputs, paint, mode, language),
                element("span", "=", class_="sign"),
                tensor(made, letter, tokens, paint, mode, language, marked=at),
                class_="row",
            )
        )
    title = element("p", f"{trace.model.called(scene.language)} · {head}", class_="title")
    return element("section", title, *rows)


PART = Part(
    "projections",
    _draw_projections,
    lambda scene: {"followed": scene.token.name},
    uses=("head", "other", "word"),
)
