"""All heads on one map."""

import numpy as np

from attnviz.analysis.difference import jensen_shannon
from attnviz.analysis.head_map import head_map
from attnviz.digits import printed
from attnviz.lessons.chapters.c07_two_heads.pair import FIRST, SECOND, scene_pair
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.scatter import scatter


def _draw_map(scene: Scene) -> Drawing:
    trace = scene.trace
    found = head_map(trace)
    names = [str(head) for head in trace.heads]
    shade = style.ramp(style.INK[scene.mode], scene.mode)
    steps = np.linspace(70, 200, trace.model.layers).astype(int)
    colours = ["#{:02x}{:02x}{:02x}".format(*shade[steps[head.layer]]) for head in trace.heads]
    named = {
        trace.heads.index(head): getattr(code, scene.mode)
        for head, code in zip(scene_pair(scene), (FIRST, SECOND), strict=False)
    }
    near = [names[i] for i in np.argsort(found.distances[trace.heads.index(scene.head("a"))])[1:4]]
    alt = f"{trace.model.called(scene.language)} · {scene.head('a')} ≈ {', '.join(near)}"
    drawing = scatter(found.places, names, colours, scene.mode, named=named, label=alt)
    root = element(
        "div",
        element("p", f"{trace.model.called(scene.language)} · Hellinger, 2D", class_="title"),
        drawing,
    )
    values = {"places": found.places, "distances": found.distances, "kept": found.kept}
    return Drawing(root, alt, scene.mode, values)


def _map_numbers(scene: Scene) -> Numbers:
    trace = scene.trace
    found = head_map(trace)
    a, b = (trace.heads.index(scene.head(slot)) for slot in ("a", "b"))
    divergence = jensen_shannon(trace.weights(scene.head("a")), trace.weights(scene.head("b")))
    return {
        "kept": f"{100 * found.kept:.0f} %",
        "distance": printed(float(found.distances[a, b]), 3),
        "divergence": printed(divergence, 3),
        "a": scene.head("a"),
        "b": scene.head("b"),
    }


PART = Part("map", _draw_map, _map_numbers)
