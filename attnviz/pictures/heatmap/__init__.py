"""The heatmap of one map: queries are rows, keys are columns, a number for each cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

from attnviz import checks
from attnviz.analysis.lens import Lens
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.pictures.arguments import check_language, pins_of
from attnviz.pictures.heatmap.on_paper import cells_on_paper, every_on_paper
from attnviz.pictures.heatmap.words import map_meta, of_sign
from attnviz.pictures.map_picture import MapPicture, alt_of, map_arrays, one_map_on_paper
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import paper_of
from attnviz.pictures.picture import some_named
from attnviz.pictures.pinned import pinned_note, pins_of_map
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, one_shown
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say

SCRIPT = Script("heatmap")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Heatmap(MapPicture):
    """The cells of one map, and the packet that draws them."""

    mode: Mode = "light"  # of the figure

    script: ClassVar[Script] = SCRIPT
    notebook_height: ClassVar[int] = 760

    @property
    def figure(self) -> Any:
        """The same as a `plotly.graph_objects.Figure`, made anew each time."""
        from attnviz.pictures.heatmap.figure import figure_of  # Plotly, for who asks for it

        return figure_of(self.view, self.mode, self.language)

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet` of a paper, every cell in it."""
        view, language, paper = self.view, self.language, paper_of(sheet)
        size = f"{len(view.map.rows)} × {len(view.map.columns)}"
        ink = say(f"picture.ink{of_sign(view.map)}", language)
        hatched = [] if view.map.allowed is None else [say("picture.hatched", language)]
        named = some_named(every_on_paper(view.map, paper), language)
        small = [
            " · ".join(
                filter(None, [size, say("picture.direction", language), view.formula(language)])
            ),
            " · ".join([ink, *hatched, *named]),
            view.alt(language),
        ]
        axes = (say("picture.query", language), say("picture.key", language))
        drawn = cells_on_paper(view.map, view.code, paper, axes, pins=self.pins)
        pinned = pinned_note("heatmap.pinned", self.pins, view.map, language, marked=False)
        small += pinned
        counts = [*view.counts(language), *named, *pinned]
        return one_map_on_paper(view, small, counts, drawn, self.recipe, language, self.alt, sheet)


def heatmap(
    trace: Trace | AttentionMap,
    head: AnyHead | None = None,
    lens: Lens | None = None,
    *,
    pins: Sequence[str] = (),
    mode: Mode = "light",
    language: Language = "en",
) -> Heatmap:
    """The heatmap of one head, in the colour of head A; `mode` is that of its Plotly figure.

    The rows and columns of the `pins`, such as q3 or k0, are framed.

    In place of a trace with its head, an attention map from anywhere.

    Raises:
        ArgumentError: if something is not what it should be.
        InterventionError: if the model has no such head.
    """
    checks.one_of("mode", mode, get_args(Mode))
    check_language(language)
    view = one_shown(trace, head, lens)
    return draw(view, language, pins=pins_of(pins, trace), mode=mode)


def draw(
    view: Shown,
    language: Language = "en",
    *,
    captioned: bool = False,
    pins: Sequence[str] = (),
    mode: Mode = "light",
) -> Heatmap:
    """The heatmap of what is shown; `captioned`, what `how` says is left to the page."""
    alt = alt_of(f"heatmap.alt{of_sign(view.map)}", view, view.alt(language), language)
    pinned = pins_of_map(pins, view.map)
    meta = {**map_meta(view, alt, language, captioned=captioned), "pins": pinned}
    return Heatmap(view, alt, pack(meta, map_arrays(view)), language, pinned, mode)
