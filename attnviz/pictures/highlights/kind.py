"""The kind of the highlights."""

from attnviz.pictures.heatmap.words import how
from attnviz.pictures.highlights import SCRIPT, draw, highlights
from attnviz.pictures.kinds import PictureKind

PICTURE = PictureKind(
    "highlights",
    title="page.save_highlights",
    takes="head",
    make=highlights,
    draw=draw,
    how=how,
    help="highlights.help",
    script=SCRIPT,
    view="highlights",
    takes_pins=True,
    is_folded=True,
    order=95,
    in_file="text",
)
