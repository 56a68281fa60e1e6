"""The stack: from x to z to r, and on."""

import numpy as np
from jaxtyping import Float

from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.lessons.chapters.c08_stacking.runs import ENCODERS
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.flow import arrow
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import Paint
from attnviz.pictures.tensor import tensor

text_of = texts_of(__name__)


def _shown(scene: Scene) -> range:
    """The chosen layer and the one above it, if there is one."""
    layer = scene.number("layer")
    return range(layer, min(layer + ENCODERS, scene.trace.model.layers))


def _pair(scene: Scene) -> list[Token]:
    """The chosen word and its nearest neighbour: another word, or else a special token."""
    tokens, chosen = scene.trace.tokens, scene.token
    others = [token for token in tokens if token is not chosen]
    nearest = sorted(others, key=lambda t: (t.is_special, abs(t.position - chosen.position)))
    return [chosen, *nearest[:1]]


def _draw_stack(scene: Scene) -> Drawing:
    layers = _shown(scene)
    title = scene.say(
        text_of("figure.stack_title"),
        word=" · ".join(token.name for token in _pair(scene)),
        shown=" → ".join(map(str, layers)),
    )
    values: dict[str, np.ndarray] = {}
    flow = [_entering(scene, layers[0], values)]
    for layer in layers:
        flow += [arrow(), _encoder(scene, layer, values), arrow()]
        r = scene.trace.residual(layer + 1)
        flow.append(
            _strip(
                scene,
                f"r{layer}",
                scene.say(text_of("figure.r_of"), layer=layer),
                r,
                style.R,
                values,
            )
        )
    formula = "z = LayerNorm(x + Concat(z⁽⁰⁾ …) W_O + b_O) · r = LayerNorm(z + FFN(z))"
    root = element(
        "div",
        element("p", title, class_="title"),
        *flow,
        element("p", formula, class_="formula"),
        class_="flow",
    )
    tokens, width = scene.trace.residual(0).shape
    return Drawing(root, f"{title}. x → z → r: {tokens} × {width}. {formula}", scene.mode, values)


def _entering(scene: Scene, layer: int, values: dict[str, np.ndarray]) -> Element:
    title = scene.say(text_of("figure.entering"))
    if layer:
        title = f"{scene.say(text_of('figure.r_of'), layer=layer - 1)} = x"
    paint = style.R if layer else style.X
    return _strip(scene, f"x{layer}", title, scene.trace.residual(layer), paint, values)


def _encoder(scene: Scene, layer: int, values: dict[str, np.ndarray]) -> Element:
    """One encoder of the figure: both of its blocks with what they give."""
    trace = scene.trace
    written, z = trace.attention_output(layer), trace.after_attention(layer)
    shape = f"{z.shape[0]} × {z.shape[1]} → {z.shape[0]} × {z.shape[1]}"
    inside = [
        _box(scene.say(text_of("figure.self_attention")), shape),
        _strip(
            scene,
            f"y{layer}",
            scene.say(text_of("figure.written"), layer=layer),
            written,
            style.GREY,
            values,
        ),
        _box("Add & Norm", "LayerNorm(x + …)"),
        _strip(
            scene, f"z{layer}", scene.say(text_of("figure.z_of"), layer=layer), z, style.Z, values
        ),
    ]
    if _has_feed_forward(trace, layer):
        inside += [
            _box(scene.say(text_of("figure.feed_forward")), shape),
            _box("Add & Norm", "LayerNorm(z + …)"),
        ]
    else:
        inside.append(element("p", scene.say(text_of("figure.no_feed_forward")), class_="formula"))
    return element(
        "div",
        element("strong", scene.say(text_of("figure.encoder"), layer=layer)),
        element("div", *inside, class_="flow"),
        class_="box",
    )


def _has_feed_forward(trace: Trace, layer: int) -> bool:
    return not np.array_equal(trace.after_attention(layer), trace.residual(layer + 1))


def _strip(
    scene: Scene,
    key: str,
    title: str,
    vectors: Float[np.ndarray, "token d_model"],
    paint: Paint,
    values: dict[str, np.ndarray],
) -> Element:
    """The two words' vectors, kept under `key` for who reads them back."""
    pair = _pair(scene)
    values[key] = vectors[[token.position for token in pair]]
    rows = [token.name for token in pair]
    return tensor(values[key], title, rows, paint, scene.mode, scene.language, marked=0)


def _box(title: str, shape: str) -> Element:
    return element(
        "div", element("strong", title), " ", element("span", shape, class_="shape"), class_="box"
    )


def _stack_numbers(scene: Scene) -> Numbers:
    trace, layer, at = scene.trace, scene.number("layer"), scene.number("word")
    x, z = (v[at].astype(float) for v in (trace.residual(layer), trace.after_attention(layer)))
    cosine = float(x @ z / (np.linalg.norm(x) * np.linalg.norm(z)))
    return {"layer": layer, "word": scene.token.name, "cosine": printed(cosine, 3)}


PART = Part("stack", _draw_stack, _stack_numbers)
