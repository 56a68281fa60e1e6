"""The two heads that are compared."""

from attnviz.core.heads import HeadId
from attnviz.lessons.engine import Scene
from attnviz.pictures import style

FIRST, SECOND = style.HEAD_CODES[:2]


def scene_pair(scene: Scene) -> list[HeadId]:
    """The heads A and B; one, if they are the same."""
    return list(dict.fromkeys([scene.head("a"), scene.head("b")]))
