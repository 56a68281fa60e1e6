"""Comparison: head A against head B, as the map of A − B with how far apart each row is.

Values are of either sign, paper at 0. Beside each row stands the Jensen–Shannon divergence of
the two heads' rows, in bits: 0 where they look alike, 1 where at no common token.
"""

from collections.abc import Sequence

from attnviz.analysis.lens import Lens
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.pictures.arguments import check_drawn, check_language, lens_of, pins_of
from attnviz.pictures.comparison.on_paper import beside, compared_on_paper
from attnviz.pictures.differences import divergence_words, pair_shown
from attnviz.pictures.heatmap.on_paper import every_on_paper
from attnviz.pictures.heatmap.words import map_meta, map_texts
from attnviz.pictures.map_picture import MapPicture, alt_of, map_arrays, one_map_on_paper
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import paper_of
from attnviz.pictures.picture import some_named
from attnviz.pictures.pinned import pinned_note, pins_of_map
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, check_alone, shown
from attnviz.texts import Language, running, say

SCRIPT = Script("comparison", needs=("heatmap",))


class Comparison(MapPicture):
    """The difference of two heads, and the packet that draws it."""

    __slots__ = ()
    script = SCRIPT
    notebook_height = 760

    @property
    def recipe(self) -> Recipe | None:
        """How this picture is made again, where that is known."""
        source = self.view.source
        if source is None:
            return None
        return Recipe("comparison", source.trace, source.heads, source.lens, pins=self.pins)

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet`: every cell and every divergence in it."""
        view, language, paper = self.view, self.language, paper_of(sheet)
        texts = map_texts(view.map, language)
        named = some_named(every_on_paper(view.map, paper, beside(view.map)), language)
        small = [
            " · ".join(filter(None, [texts["direction"], view.formula(language), texts["ink"]])),
            "" if view.map.allowed is None else texts["hatched"],
            running([*divergence_words(view, language), *view.notes(language)]),
            *named,
        ]
        axes = (say("picture.query", language), say("picture.key", language))
        drawn = compared_on_paper(view.map, view.code, paper, axes, self.pins)
        pinned = pinned_note("heatmap.pinned", self.pins, view.map, language, marked=False)
        small += pinned
        counts = [*view.counts(language), *named, *pinned]
        return one_map_on_paper(view, small, counts, drawn, self.recipe, language, self.alt, sheet)


def comparison(
    trace: Trace | AttentionMap,
    heads: Sequence[AnyHead] = (),
    lens: Lens | None = None,
    *,
    pins: Sequence[str] = (),
    language: Language = "en",
) -> Comparison:
    """The map of the first of two heads minus the second, and how far apart each row is.

    The rows and columns of the `pins`, such as q3 or k0, are framed.

    In place of a trace with two heads, an attention map from anywhere, such as
    `attnviz.difference`.

    Raises:
        ArgumentError: if there are not two heads, they are not of one kind of attention, or
            the lens names a map of layers and they are of one.
        InterventionError: if the model has no such head.
    """
    check_language(language)
    check_drawn(trace)
    if isinstance(trace, AttentionMap):
        check_alone(heads, lens, None)
        return draw(shown(trace)[0], language, pins=pins_of(pins, trace))
    ids = trace.check_heads(heads)
    if len(ids) != 2:
        raise ArgumentError("two_heads_wanted", picture="comparison", heads=len(ids))
    views = pair_shown(trace, ids, lens_of(lens))
    if not views and ids[0].kind == ids[1].kind:
        raise ArgumentError("one_layer_alone", layer=ids[0].layer)
    if not views:
        raise ArgumentError("two_kinds", a=str(ids[0]), b=str(ids[1]))
    return draw(views[0], language, pins=pins_of(pins, trace))


def draw(
    view: Shown, language: Language, *, captioned: bool = False, pins: Sequence[str] = ()
) -> Comparison:
    """The comparison of what is shown; `captioned`, what `how` says is left to the page."""
    says = running([*divergence_words(view, language), view.alt(language)])
    alt = alt_of("comparison.alt", view, says, language)
    pinned = pins_of_map(pins, view.map)
    meta = {**map_meta(view, alt, language, captioned=captioned), "pins": pinned}
    meta["words"] |= {name: say(f"comparison.{name}", language) for name in ("divergence", "row")}
    return Comparison(view, alt, pack(meta, map_arrays(view)), language, pinned)
