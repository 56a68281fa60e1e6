"""The two heads as maps."""

from attnviz.lessons.chapters.c07_two_heads.pair import FIRST, SECOND, scene_pair
from attnviz.lessons.engine import Part, Scene
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.style import Paint
from attnviz.pictures.tensor import scale_of, tensor


def _draw_twins(scene: Scene) -> Drawing:
    trace = scene.trace
    tokens = [token.name for token in trace.tokens]
    maps = [
        tensor(
            trace.weights(head),
            f"softmax · {head}",
            tokens,
            Paint(code.light, code.dark),
            scene.mode,
            scene.language,
            columns=tokens,
            largest=1.0,
        )
        for head, code in zip(scene_pair(scene), (FIRST, SECOND), strict=False)
    ]
    scale = scale_of(1.0, scene.language, signed=False)
    title = f"{trace.model.called(scene.language)} · query ↓ / → key · {scale}"
    root = element(
        "div", element("p", title, class_="title"), element("div", *maps, class_="row twins")
    )
    alt = f"{title}: {', '.join(map(str, scene_pair(scene)))}"
    return Drawing(root, alt, scene.mode, {str(h): trace.weights(h) for h in scene_pair(scene)})


PART = Part("twins", _draw_twins)
