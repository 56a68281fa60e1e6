"""The kind of the heatmap."""

from attnviz.core.maps import AttentionMap
from attnviz.pictures.heatmap import SCRIPT, draw, heatmap
from attnviz.pictures.heatmap.words import how
from attnviz.pictures.kinds import PictureKind

# Px of a heatmap at least, by the places up to which that is enough: three in a row of a page, two,
# or one.
WIDTHS = {42: 210, 128: 330}
WIDEST = 560


def beside(drawn: AttentionMap) -> int:
    """How many px one takes at least where several stand in a row."""
    places = len(drawn.columns)
    return next((px for most, px in WIDTHS.items() if places <= most), WIDEST)


PICTURE = PictureKind(
    "heatmap",
    title="page.save_heatmap",
    takes="head",
    make=heatmap,
    draw=draw,
    how=how,
    beside=beside,
    help="heatmap.help",
    script=SCRIPT,
    view="heatmaps",
    takes_pins=True,
    is_folded=True,
    order=3,
)
