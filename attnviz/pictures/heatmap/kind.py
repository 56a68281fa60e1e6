"""The kind of the heatmap."""

from attnviz.pictures.heatmap import SCRIPT, Heatmap, draw, heatmap
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.shown import Shown
from attnviz.texts import Language


def draw_one(one: Shown, language: Language) -> Heatmap:
    """The heatmap of one head."""
    return draw(one, language=language)


PICTURE = PictureKind(
    "heatmap",
    title="page.save_heatmap",
    takes="head",
    make=heatmap,
    draw=draw_one,
    script=SCRIPT,
    view="heatmaps",
    order=3,
)
