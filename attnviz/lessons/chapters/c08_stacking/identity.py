"""The parts add up to z."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis import mixing
from attnviz.digits import error_at_most, printed
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import tensor

text_of = texts_of(__name__)


def _draw_identity(scene: Scene) -> Drawing:
    layer, at = scene.number("layer"), scene.number("word")
    parts = mixing.parts(scene.trace, layer, at)
    z = scene.trace.after_attention(layer)[at]
    both = np.stack([parts.sum(axis=0), z])
    rows = [*(token.name for token in scene.trace.tokens), scene.say(text_of("figure.biases"))]
    title = scene.say(text_of("figure.parts_title"), layer=layer, word=scene.token.name)
    error = scene.say(text_of("figure.largest_difference"), error=error_at_most(_error(both)))
    names = [scene.say(text_of("figure.sum")), scene.say(text_of("figure.z_of_model"))]
    mode, language = scene.mode, scene.language
    root = element(
        "div",
        element("p", title, class_="title"),
        tensor(parts, scene.say(text_of("figure.parts")), rows, style.V, mode, language, marked=at),
        tensor(both, " · ".join(names), names, style.Z, mode, language),
        element(
            "p",
            "z = LayerNorm(x + Σ_h Σ_j α_j^h v_j^h W_O^h + b_O)",
            class_="formula",
        ),
        element("p", error, class_="verdict"),
    )
    values = {"parts": parts, "sum": both[0], "z": z, "error": _error(both)}
    return Drawing(root, f"{title}. {error}", mode, values)


def _error(both: Float[np.ndarray, "row d_model"]) -> float:
    return float(np.abs(both[0] - both[1]).max())


def _identity_numbers(scene: Scene) -> Numbers:
    layer, at = scene.number("layer"), scene.number("word")
    lengths = np.linalg.norm(mixing.parts(scene.trace, layer, at), axis=1)
    return {
        "word": scene.token.name,
        "own": printed(float(lengths[at]), 2),
        "own_share": printed(float(lengths[at] / lengths[:-1].sum()), 3),
        "biases": printed(float(lengths[-1]), 2),
    }


PART = Part("identity", _draw_identity, _identity_numbers)
