"""The kind of the line diagram."""

from attnviz.pictures.explorer import Explorer
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.lines import SCRIPT, Lines, lines


def draw(seen: Explorer) -> Lines:
    """The lines of the chosen heads."""
    return seen.lines


PICTURE = PictureKind(
    "lines",
    title="page.save_lines",
    takes="heads",
    make=lines,
    draw=draw,
    script=SCRIPT,
    view="lines",
    order=1,
)
