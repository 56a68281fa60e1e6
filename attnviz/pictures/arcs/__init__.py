"""Arcs: one head over one line of text, an arc from each query to each key.

An arc is as opaque as its weight, as lines are. It leaves its query on the right and ends at its
key on the left, with a dot there. Where queries and keys are not the same places, the queries
come first on the line, and then the keys.
"""

from collections.abc import Sequence

from attnviz.analysis.lens import Lens
from attnviz.core.heads import AnyHead
from attnviz.core.maps import AttentionMap
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.pictures.arcs.on_paper import SHAPE, arcs_on_paper, step_on_paper
from attnviz.pictures.arguments import check_language, pins_of
from attnviz.pictures.lines import line_arrays
from attnviz.pictures.lines.words import (
    captioned_words,
    head_code,
    head_words,
    line_counts,
    line_words,
    stroke_words,
)
from attnviz.pictures.map_picture import MapPicture, alt_of, one_map_on_paper
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import MM, paper_of
from attnviz.pictures.picture import some_named
from attnviz.pictures.pinned import are_pinned, pinned_note, pins_of_map
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, one_shown, side
from attnviz.texts import Language, running, say

SCRIPT = Script("arcs")
MOST_PLACES = 60


class Arcs(MapPicture):
    """The arcs of one map, and the packet that draws them."""

    __slots__ = ()
    script = SCRIPT
    notebook_height = 620

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet` of a paper, every arc in it."""
        view, language = self.view, self.language
        words, paper = head_words(view, language), paper_of(sheet)
        named = some_named(paper.every(step_on_paper(view.map, paper)), language)
        small = [
            words["formula"],
            words["says"],
            running(words["notes"]),
            running([_direction(view, language), stroke_words([view], language, f"× {MM:g} mm")]),
            *named,
        ]
        pinned = pinned_note("arcs.pinned", self.pins, view.map, language)
        small += pinned
        counts = [*line_counts(view, language), *named, *pinned]
        lines = line_arrays([view])
        if self.pins:
            kept = are_pinned(lines["query"], lines["key"], self.pins)
            lines = {name: of_line[kept] for name, of_line in lines.items()}
        drawn = arcs_on_paper(view, lines, paper)
        return one_map_on_paper(
            view, small, counts, drawn, self.recipe, language, self.alt, sheet, view.code.dash
        )


def arcs(
    trace: Trace | AttentionMap,
    head: AnyHead | None = None,
    lens: Lens | None = None,
    *,
    pins: Sequence[str] = (),
    language: Language = "en",
) -> Arcs:
    """The arcs of one head, in the colour of head A; with `pins`, such as q3 or k0, theirs alone.

    In place of a trace with its head, an attention map from anywhere.

    Raises:
        ArgumentError: if there are more than 60 tokens, or something is not what it should be.
        InterventionError: if the model has no such head.
    """
    check_language(language)
    view = one_shown(trace, head, lens)
    return draw(view, language, pins=pins_of(pins, trace))


def draw(
    view: Shown, language: Language, *, captioned: bool = False, pins: Sequence[str] = ()
) -> Arcs:
    """The arcs of what is shown; `captioned`, what `how` says is left to the page.

    Raises:
        ArgumentError: if there are more than 60 rows or columns.
    """
    attention = view.map
    if (places := max(attention.values.shape)) > MOST_PLACES:
        raise ArgumentError("too_many_places", picture="arcs", places=places, most=MOST_PLACES)
    direction = _direction(view, language)
    weights_alt, strokes = view.alt(language), stroke_words([view], language)
    alt = alt_of("arcs.alt", view, weights_alt, language, direction=direction, strokes=strokes)
    meta = {
        "alt": alt,
        "heads": [
            {
                **head_words(view, language),
                **(captioned_words(view, language) if captioned else {}),
                **head_code(view.code, view.minus),
            }
        ],
        "rows": side(attention.rows),
        "columns": side(attention.columns),
        "joined": attention.rows == attention.columns,
        "pins": (pinned := pins_of_map(pins, attention)),
        "shape": SHAPE,
        "words": {
            **line_words([view], language),
            **({"strokes": ""} if captioned else {}),
            "direction": "" if captioned else direction,
            "help": "" if captioned else say("arcs.help", language),
        },
    }
    return Arcs(view, alt, pack(meta, line_arrays([view])), language, pinned)


def how(view: Shown, language: Language) -> str:
    """How numbers become arcs."""
    return running([_direction(view, language), stroke_words([view], language)])


def _direction(view: Shown, language: Language) -> str:
    """How the two ends of an arc are told apart."""
    notes = [] if view.map.rows == view.map.columns else [say("arcs.apart", language)]
    return running([say("arcs.direction", language), *notes])
