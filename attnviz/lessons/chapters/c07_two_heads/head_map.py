"""All heads on one map, whose dots choose heads."""

import json

import numpy as np

from attnviz.analysis.head_map import head_map
from attnviz.core.heads import HeadId
from attnviz.lessons.chapters.c07_two_heads.pair import PAINTS, pair_of
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.scatter import scatter

text_of = texts_of(__name__)


def _draw_map(scene: Scene) -> Drawing:
    trace = scene.trace
    heads_map = head_map(trace)
    names = [str(head) for head in trace.heads]
    shade = style.ramp(style.INK[scene.mode], scene.mode)
    steps = np.linspace(70, 200, trace.model.layers).astype(int)
    colours = [style.hex_of(shade[steps[head.layer]]) for head in trace.heads]
    upper, lower = pair_of(scene)
    named = {
        trace.heads.index(head): getattr(paint, scene.mode)
        for head, paint in zip((lower, upper), PAINTS[::-1], strict=True)
    }
    near = [names[i] for i in np.argsort(heads_map.distances[trace.heads.index(upper)])[1:4]]
    alt = f"{trace.model.called(scene.language)} · {upper} ≈ {', '.join(near)}"
    dots = scatter(
        heads_map.places,
        names,
        colours,
        scene.mode,
        named=named,
        label=alt,
        does=[_chooses(scene, head) for head in trace.heads],
    )
    title = scene.say(text_of("figure.map_title"))
    root = element("div", element("p", title, class_="title"), dots)
    values = {"places": heads_map.places, "distances": heads_map.distances, "kept": heads_map.kept}
    return Drawing(root, alt, scene.mode, values)


def _chooses(scene: Scene, head: HeadId) -> dict[str, object]:
    """A click makes a head the green one, or the red one if it is green; with Ctrl, the red one."""
    upper, lower = pair_of(scene)
    again = head == upper
    click = {"other": head, "head": lower} if again else {"head": head}
    label = scene.say(text_of("figure.dot_again" if again else "figure.dot"), head=head)
    return {
        "data_choose": _written(click),
        "data_choose_with_ctrl": _written({"other": head}),
        "aria_label": label,
        "role": "button",
        "tabindex": 0,
    }


def _written(chosen: dict[str, HeadId]) -> str:
    return json.dumps({name: [head.layer, head.head] for name, head in chosen.items()})


def _map_numbers(scene: Scene) -> Numbers:
    return {"kept": f"{100 * head_map(scene.trace).kept:.0f} %"}


PART = Part("map", _draw_map, _map_numbers)
