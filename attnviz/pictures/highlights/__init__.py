"""Highlights: the sentence as running text; one token chosen, the others tinted by its weights.

Both directions: what a token looks at, and which tokens look at it. The tint is that of a
heatmap: as dark as the square root of the weight. On paper the text stands once for each query.
"""

from collections.abc import Sequence
from typing import Any

from attnviz.analysis.lens import Lens
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.pictures.arguments import check_language, pins_of
from attnviz.pictures.heatmap.words import how, map_texts
from attnviz.pictures.highlights.on_paper import texts_on_paper
from attnviz.pictures.map_picture import MapPicture, alt_of, map_arrays, one_map_on_paper
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import paper_of
from attnviz.pictures.pinned import pinned_note, pins_of_map
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, one_shown, side
from attnviz.texts import Language, running, say

SCRIPT = Script("highlights")


class Highlights(MapPicture):
    """The running text of one map, and the packet that tints it."""

    __slots__ = ()
    script = SCRIPT
    notebook_height = 360

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet`: for each query the text, tinted."""
        view, language = self.view, self.language
        texts = map_texts(view.map, language)
        drawn_how = f"{view.formula(language)} · {texts['ink']}"
        small = [
            running([say("highlights.on_paper", language), drawn_how]),
            "" if view.map.allowed is None else texts["hatched"],
            view.alt(language),
        ]
        pinned = pinned_note("highlights.pinned", self.pins, view.map, language)
        small += pinned
        drawn = texts_on_paper(view.map, view.code, paper_of(sheet), self.pins)
        counts = [*view.counts(language), *pinned]
        return one_map_on_paper(view, small, counts, drawn, self.recipe, language, self.alt, sheet)


def highlights(
    trace: Trace | AttentionMap,
    head: AnyHead | None = None,
    lens: Lens | None = None,
    *,
    pins: Sequence[str] = (),
    language: Language = "en",
) -> Highlights:
    """The text tinted by the weights of one head, in the colour of head A.

    With `pins`, such as q3 or k0, for these tokens alone: by what they look at, or by which
    queries they are looked at.

    In place of a trace with its head, an attention map from anywhere.

    Raises:
        ArgumentError: if something is not what it should be.
        InterventionError: if the model has no such head.
    """
    check_language(language)
    view = one_shown(trace, head, lens)
    return draw(view, language, pins=pins_of(pins, trace))


def draw(
    view: Shown, language: Language, *, captioned: bool = False, pins: Sequence[str] = ()
) -> Highlights:
    """The highlights of what is shown; `captioned`, what `how` says is left to the page."""
    alt = alt_of("highlights.alt", view, view.alt(language), language)
    pinned = pins_of_map(pins, view.map)
    meta = {**_meta(view, alt, language, captioned), "pins": pinned}
    return Highlights(view, alt, pack(meta, map_arrays(view)), language, pinned)


def _meta(view: Shown, alt: str, language: Language, captioned: bool) -> dict[str, Any]:
    attention = view.map
    about = [view.formula(language), how(view, language)]
    names = ("looks_at", "looked_at_by", "directions", "others", "nothing")
    return {
        "alt": alt,
        "rows": side(attention.rows),
        "columns": side(attention.columns),
        "joined": attention.rows == attention.columns,
        "signed": attention.is_signed,
        "head": {
            "title": view.name(language) if captioned else view.title(language),
            "says": "" if captioned else view.says(language),
            "about": "" if captioned else " · ".join(filter(None, about)),
            "notes": view.notes(language),
            "light": view.code.light,
            "dark": view.code.dark,
        },
        "words": {
            **map_texts(attention, language),
            **{name: say(f"highlights.{name}", language) for name in names},
            "help": "" if captioned else say("highlights.help", language),
        },
    }
