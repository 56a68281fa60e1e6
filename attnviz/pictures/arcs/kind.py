"""The kind of the arcs."""

from attnviz.pictures.arcs import MOST_PLACES, SCRIPT, arcs, draw, how
from attnviz.pictures.kinds import PictureKind

PICTURE = PictureKind(
    "arcs",
    title="page.save_arcs",
    takes="head",
    make=arcs,
    draw=draw,
    how=how,
    help="arcs.help",
    script=SCRIPT,
    view="arcs",
    takes_pins=True,
    is_folded=True,
    most_places=MOST_PLACES,
)
