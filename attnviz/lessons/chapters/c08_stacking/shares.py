"""The whole row of the word that is followed."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis import mixing
from attnviz.digits import error_at_most, printed
from attnviz.lessons.chapters.c08_stacking.meters import meters_of, own_shares
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element, or_fewer
from attnviz.pictures.tensor import number_table

text_of = texts_of(__name__)

MOST = 12  # tokens that are shown one by one on a projector's screen


def _draw_shares(scene: Scene) -> Drawing:
    meters, missing = meters_of(scene)
    layer, at = scene.number("layer"), scene.number("word")
    table = np.stack([meter.shares[layer, at] for meter in meters], axis=1)
    names = [scene.say(meter.name) for meter in meters]
    rows = [token.name for token in scene.trace.tokens]
    title = scene.say(text_of("figure.shares_title"), word=scene.token.name, layer=layer)
    marked = (at, len(meters) - 1)
    table_of_numbers = number_table(
        table, rows, names, style.R, scene.mode, largest=1.0, marked=marked
    )
    root = element(
        "div",
        element("p", title, class_="title"),
        or_fewer(table_of_numbers, _strongest(scene, table, names)),
        element("p", missing, class_="notice") if missing else None,
        element("p", _adds_up(scene, layer, at), class_="verdict"),
    )
    shares = "; ".join(
        f"{n}: {printed(float(v), 3)}" for n, v in zip(names, table[at], strict=True)
    )
    alt = f"{title}. {scene.token.name}: {shares}"
    return Drawing(root, alt, scene.mode, {"shares": table, "missing": missing})


def _strongest(
    scene: Scene, table: Float[np.ndarray, "token meter"], names: list[str]
) -> Element | None:
    """The word and the tokens with the largest shares, the others together in a last row."""
    at, tokens = scene.number("word"), scene.trace.tokens
    order = [at, *(n for n in np.argsort(-table.max(axis=1), kind="stable").tolist() if n != at)]
    shown, others = sorted(order[:MOST]), order[MOST:]
    if not others:
        return None
    label = scene.say(text_of("figure.others"), others=len(others))
    rows = [*(tokens[n].name for n in shown), label]
    numbers = np.vstack([table[shown], table[others].sum(axis=0)])
    marked = (shown.index(at), len(names) - 1)
    return number_table(numbers, rows, names, style.R, scene.mode, largest=1.0, marked=marked)


def _adds_up(scene: Scene, layer: int, at: int) -> str:
    """That nothing is left out: the parts whose lengths are compared sum to z."""
    parts = mixing.parts(scene.trace, layer, at).sum(axis=0)
    error = float(np.abs(parts - scene.trace.after_attention(layer)[at]).max())
    return scene.say(
        text_of("figure.adds_up"), layer=layer, word=scene.token.name, error=error_at_most(error)
    )


def _shares_numbers(scene: Scene) -> Numbers:
    """How far apart the meters are, on the chosen word's own share."""
    meters, _ = meters_of(scene)
    layer = scene.number("layer")
    own_share = own_shares(scene, meters)[layer]
    return {
        "word": scene.token.name,
        "layer": layer,
        "least": printed(float(own_share.min()), 3),
        "most": printed(float(own_share.max()), 3),
        "least_by": scene.say(meters[int(own_share.argmin())].name),
        "most_by": scene.say(meters[int(own_share.argmax())].name),
    }


PART = Part("shares", _draw_shares, _shares_numbers, uses=("layer",))
