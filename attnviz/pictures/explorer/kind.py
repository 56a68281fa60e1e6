"""The kind of the explorer."""

from attnviz.pictures.explorer import SCRIPT, Explorer, explore
from attnviz.pictures.kinds import PictureKind


def draw(seen: Explorer) -> Explorer:
    """What is seen, as it is."""
    return seen


PICTURE = PictureKind(
    "explore",
    title="page.save_html",
    takes="heads",
    make=explore,
    draw=draw,
    script=SCRIPT,
    order=0,
)
