"""The sum: one number of q, added up."""

import numpy as np

from attnviz.digits import equals, error_at_most, printed
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import tensor


def _sum(scene: Scene) -> tuple[np.ndarray, float, float, float]:
    """x, W_Q's first column and their products for the word; their sum, b, and the model's q."""
    trace, head = scene.trace, scene.head("head")
    matrix = trace.input_projection(head, "query")
    x, column = trace.residual(head.layer)[scene.number("word")], matrix.weight[:, 0]
    products = x.astype(np.float64) * column
    q = float(trace.queries(head.layer)[head.head, scene.number("word"), 0])
    return np.stack([x, column, products]), float(products.sum()), float(matrix.bias[0]), q


def _draw_sum(scene: Scene) -> Drawing:
    rows, total, bias, q = _sum(scene)
    title = (
        f"{scene.trace.model.called(scene.language)} · {scene.head('head')} · {scene.token.name}"
    )
    terms, added = [printed(total, 3), printed(bias, 3)], printed(total + bias, 3)
    made = f"Σ x × W_Q[·, 0] + b = {' + '.join(terms)} {equals(terms, added)} {added}"
    root = element(
        "div",
        element("p", title, class_="title"),
        tensor(
            rows,
            "x × W_Q[·, 0]",
            ["x", "W_Q[·, 0]", "x × W_Q"],
            style.Q,
            scene.mode,
            scene.language,
        ),
        element("p", made, class_="formula"),
        element("p", f"q[0] = {printed(q, 3)}", class_="formula"),
    )
    return Drawing(root, f"{title}: {made}", scene.mode, {"made": total + bias, "q": q})


def _sum_numbers(scene: Scene) -> Numbers:
    _, total, bias, q = _sum(scene)
    return {
        "word": scene.token.name,
        "head": scene.head("head"),
        "error": error_at_most(total + bias - q),
    }


PART = Part("sum", _draw_sum, _sum_numbers)
