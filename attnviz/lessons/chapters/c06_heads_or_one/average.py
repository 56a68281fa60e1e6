"""One average of all heads, on the learner's sentence."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.allowed import allowed_in_layer
from attnviz.core.heads import HeadId
from attnviz.digits import printed
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.bars import Bar, bars
from attnviz.pictures.drawing import Drawing, Element, element, or_fewer
from attnviz.pictures.tensor import tensor

text_of = texts_of(__name__)

MOST = 12  # tokens that have a bar each on a projector's screen


def _draw_average(scene: Scene) -> Drawing:
    rows = _rows(scene)
    mean = rows.mean(axis=0, dtype=float)
    tokens = [token.name for token in scene.trace.tokens]
    layer, at = scene.number("layer"), scene.number("word")
    title = scene.say(text_of("figure.average_title"), layer=layer, word=scene.token.name)
    heads = [str(HeadId(layer, head)) for head in range(len(rows))]
    of_heads = allowed_in_layer(scene.trace, layer)
    allowed = None if of_heads is None else of_heads[:, at]
    keys = range(len(tokens)) if allowed is None else np.flatnonzero(allowed.any(axis=0)).tolist()
    score = getattr(style.SCORE, scene.mode)
    all_bars = [Bar(tokens[key], float(mean[key]), score) for key in keys]
    root = element(
        "div",
        element("p", title, class_="title"),
        element(
            "div",
            or_fewer(bars(all_bars, label=title), _strongest(scene, all_bars, title)),
            tensor(
                rows,
                "softmax",
                heads,
                style.SCORE,
                scene.mode,
                scene.language,
                columns=tokens,
                allowed=allowed,
            ),
            class_="abreast",
        ),
        element("p", scene.say(text_of("figure.average_is")), class_="formula"),
    )
    alt = f"{title}. {tokens[at]} → {tokens[int(mean.argmax())]}: {printed(float(mean.max()), 3)}"
    return Drawing(root, alt, scene.mode, {"mean": mean, "rows": rows})


def _strongest(scene: Scene, every: list[Bar], title: str) -> Element | None:
    """The longest bars in their order, the others together in a last one."""
    largest = sorted(every, key=lambda bar: -bar.value)[:MOST]
    others = [bar.value for bar in every if bar not in largest]
    if not others:
        return None
    label = scene.say(text_of("figure.others"), others=len(others))
    last = Bar(label, sum(others), getattr(style.GREY, scene.mode))
    return bars([*(bar for bar in every if bar in largest), last], label=title)


def _rows(scene: Scene) -> Float[np.ndarray, "head key"]:
    """What each head of the layer gives to each token, from the chosen word."""
    weights: np.ndarray = scene.trace.layer_weights(scene.number("layer"))[:, scene.number("word")]
    return weights


def _average_numbers(scene: Scene) -> Numbers:
    """Special tokens aside, as in the question: they take most of many rows."""
    tokens = [token for token in scene.trace.tokens if not token.is_special]
    rows = _rows(scene)[:, [token.position for token in tokens]]
    mean = rows.mean(axis=0, dtype=float)
    best = int(mean.argmax())
    return {
        "word": scene.token.name,
        "best": tokens[best].name,
        "share": printed(float(mean[best]), 3),
        "agree": int((rows.argmax(axis=1) == best).sum()),
        "favourites": len(set(rows.argmax(axis=1).tolist())),
    }


PART = Part("average", _draw_average, _average_numbers, uses=("layer", "word"))
