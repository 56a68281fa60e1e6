"""The kind of the overview."""

from attnviz.pictures.explorer import Explorer
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.overview import SCRIPT, Overview, overview


def draw(seen: Explorer) -> Overview:
    """All heads of what is seen."""
    map_kind = seen.lens.map if seen.trace is not None else "raw"
    return overview(seen.drawn, seen.heads, map=map_kind, language=seen.language)


PICTURE = PictureKind(
    "overview",
    title="page.save_overview",
    takes="all heads",
    make=overview,
    draw=draw,
    script=SCRIPT,
    view="overview",
    order=2,
)
