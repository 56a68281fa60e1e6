"""A sentence in the place of a panel."""

from attnviz.lessons.engine import Scene
from attnviz.pictures.drawing import Drawing, element


def notice(text: str, scene: Scene) -> Drawing:
    """A sentence where there is nothing to draw yet."""
    return Drawing(element("p", text, class_="notice"), text, scene.mode, {"notice": text})
