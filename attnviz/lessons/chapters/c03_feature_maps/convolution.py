"""A convolution as three heads."""

import numpy as np

from attnviz.analysis import convolution
from attnviz.analysis.recompute import largest_error
from attnviz.digits import error_at_most, printed
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import tensor
from attnviz.texts import enumerated

text_of = texts_of(__name__)


def _both(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The convolution, the three heads, and three heads with hard weights."""
    x = scene.trace.residual(0).astype(np.float64)
    filters = convolution.kernel(x.shape[1])
    hard = 800.0  # e to the −800 is 0: all weight on one token
    return (
        convolution.convolution(x, filters),
        convolution.heads(x, filters, float(scene.number("strength"))),
        convolution.heads(x, filters, hard),
    )


def _draw_convolution(scene: Scene) -> Drawing:
    conv, soft, hard = _both(scene)
    tokens = [token.name for token in scene.trace.tokens]
    top = float(np.abs(conv).max())
    filters = [f"f{i}" for i in range(conv.shape[1])]
    whole, parts = (
        text_of("figure.convolution")[scene.language],
        text_of("figure.heads")[scene.language],
    )
    several = text_of("figure.heads_of")[scene.language].format(heads=len(convolution.OFFSETS))
    titles = (whole, several, f"{whole} − {parts}")
    maps = [
        tensor(
            values, title, tokens, paint, scene.mode, scene.language, largest=top, columns=filters
        )
        for title, values, paint in zip(
            titles, (conv, soft, conv - soft), (style.X, style.Z, style.SCORE), strict=True
        )
    ]
    error = largest_error(conv, soft)
    root = element(
        "div",
        element("p", scene.trace.model.called(scene.language), class_="title"),
        element("div", *maps, class_="row"),
        element("p", f"max |{whole} − {parts}| ÷ max |{whole}| ≈ {error:.1e}", class_="formula"),
    )
    values = {"conv": conv, "soft": soft, "hard": hard, "error": error}
    return Drawing(root, f"{whole} − {parts}: {error:.1e}", scene.mode, values)


def _convolution_numbers(scene: Scene) -> Numbers:
    conv, soft, hard = _both(scene)
    return {
        "offsets": enumerated(
            [f"{o:+d}".replace("-", "−").replace("+0", "0") for o in convolution.OFFSETS],
            scene.language,
        ),
        "width": len(convolution.OFFSETS),
        "filters": convolution.FILTERS,
        "strength": scene.number("strength"),
        "error": f"{largest_error(conv, soft):.1e}",
        "hard": error_at_most(largest_error(conv, hard)),
        "mean": printed(float(np.abs(conv).mean()), 3),
    }


PART = Part("convolution", _draw_convolution, _convolution_numbers, uses=("strength",))
