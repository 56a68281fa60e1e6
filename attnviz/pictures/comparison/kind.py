"""The kind of the comparison of two heads."""

from attnviz.pictures.comparison import SCRIPT, comparison, draw
from attnviz.pictures.heatmap.words import how
from attnviz.pictures.kinds import PictureKind

PICTURE = PictureKind(
    "comparison",
    title="page.save_difference",
    takes="pair",
    make=comparison,
    draw=draw,
    how=how,
    script=SCRIPT,
    view="comparison",
    takes_pins=True,
    is_folded=True,
    order=90,
    in_file="difference",
)
