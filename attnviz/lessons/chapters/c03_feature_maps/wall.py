"""The wall: what every head of a layer makes of the sentence."""

from collections.abc import Sequence

import numpy as np

from attnviz.analysis.allowed import allowed_in_layer
from attnviz.core.heads import HeadId
from attnviz.errors import LessonError
from attnviz.experiments.rerun import MOST_TOKENS
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.tensor import tensor, tiles
from attnviz.texts import Language, say

text_of = texts_of(__name__)

MAPS = {name: text_of(f"figure.maps.{name}") for name in ("z", "weights")}


def _maps(scene: Scene) -> np.ndarray:
    layer = scene.head().layer
    if scene.choice["map"] == "weights":
        tokens = len(scene.trace.tokens)
        if tokens > MOST_TOKENS:
            raise LessonError("too_many_weights", tokens=tokens, most=MOST_TOKENS)
        return scene.trace.layer_weights(layer)
    return scene.trace.head_output(layer)


def _draw_wall(scene: Scene) -> Drawing:
    maps, layer = _maps(scene), scene.head().layer
    weights = scene.choice["map"] == "weights"
    allowed = allowed_in_layer(scene.trace, layer) if weights else None
    tokens = [token.name for token in scene.trace.tokens]
    top = float(np.abs(maps).max())
    shown = [
        tensor(
            head_weights,
            str(HeadId(layer, head)),
            tokens,
            style.SCORE if weights else style.Z,
            scene.mode,
            scene.language,
            largest=top,
            columns=tokens if weights else None,
            marked=scene.number("word") if weights else None,
            allowed=None if allowed is None else allowed[head],
        )
        for head, head_weights in enumerate(maps)
    ]
    title = f"{scene.trace.model.called(scene.language)} · L{layer}"
    drawn = _fan(shown, scene.language) if weights else tiles(shown, scene.language)
    root = element("div", element("p", title, class_="title"), drawn)
    alt = f"{title}: {len(maps)} × ({maps.shape[1]} × {maps.shape[2]})"
    return Drawing(root, alt, scene.mode, {"maps": maps})


def _fan(maps: Sequence[Element], language: Language) -> Element:
    """Maps of words with their names; on a projector's screen, which all share, without."""
    note = element("p", say("drawing.unnamed", language), class_="some on-one-screen")
    return element("div", note, element("div", *maps, class_="fan"))


def _wall_numbers(scene: Scene) -> Numbers:
    return {"layer": scene.head().layer, "map": MAPS[str(scene.choice["map"])][scene.language]}


PART = Part("wall", _draw_wall, _wall_numbers, uses=("map",))
