"""Lines: a line from each query to each key, as opaque as the weight between them.

The opacity of a line is the weight itself, whatever else is drawn or chosen. Lines whose
opacity a screen cannot show (below 1/255) are counted instead of drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool

from attnviz import checks
from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens, Place, View
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.pictures import svg, svg_lines
from attnviz.pictures.asked import check_language, pins_of
from attnviz.pictures.facts import about_given
from attnviz.pictures.packet import pack
from attnviz.pictures.picture import percent, title
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import Shown, shown
from attnviz.pictures.standalone import framed, origin, picture, standalone, tag
from attnviz.texts import Language, say

Direction = Literal["horizontal", "vertical"]
Arrangement = Literal["stacked", "beside", "overlaid"]

FAINTEST = 1 / 255  # the smallest opacity that a screen shows


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Lines:
    """The lines of some heads, and the packet that draws them."""

    head: np.ndarray  # uint8, index into the heads that were asked for
    query: np.ndarray  # uint16, index into the places
    key: np.ndarray  # uint16
    weight: np.ndarray  # float32
    alt: str
    packet: bytes
    trace: Trace
    maps: tuple[Shown, ...]
    heads: tuple[HeadId, ...]
    language: Language
    recipe: Recipe
    pins: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Lines: {self.alt}>"

    def to_html(self) -> str:
        """One HTML file that needs no network: hover, pin and Escape as in the app."""
        said = ", ".join(str(head) for head in self.heads)
        again = say("file.again", self.language, command=self.recipe.text)
        body = [
            tag("h1", title(self.trace, said, self.language)),
            origin(self.trace, self.language),
            picture("lines", self.packet, self.alt),
            tag("pre", again, "again"),
        ]
        return standalone(title(self.trace, said, self.language), body, self.language)

    def to_svg(self) -> str:
        """One SVG file at print size, every line in it."""
        panels = range(len(self.maps))
        together = (
            [list(panels)] if self.recipe.arrangement == "overlaid" else [[i] for i in panels]
        )
        vertical = self.recipe.direction == "vertical"
        once = [say("lines.strokes", self.language, unit=f"× {svg.MM:g} mm")]
        blocks = []
        for panel in together:
            for index in panel:
                one = self.maps[index]
                said = head_words(one, self.language)
                small = [f"{said['formula']} {said['says']}", " ".join(said["notes"]), *once]
                once = []
                blocks.append(svg.words(said["title"], small, one.code.light, dash=one.code.dash))
            drawn = [
                (
                    self.maps[i].code,
                    *(a[self.head == i] for a in (self.query, self.key, self.weight)),
                )
                for i in panel
            ]
            places = self.maps[0].view.places
            pins = [pin for pin in self.pins if int(pin[1:]) < len(places)]
            if pins:
                blocks.append(svg.words("", [_pinned(places, pins, self.language)], ""))
            blocks.append(svg_lines.strands(places, drawn, vertical, self.language, pins))
        return svg.sheet(self.trace, blocks, self.recipe, self.language, self.alt)

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        panels = 1 if self.recipe.arrangement == "overlaid" else len(self.maps)
        return framed(self.to_html(), self.alt, 300 + 340 * panels)


def lines(
    trace: Trace,
    heads: Sequence[tuple[int, int]],
    lens: Lens | None = None,
    *,
    combination: Combination | None = None,
    direction: Direction = "horizontal",
    arrangement: Arrangement = "stacked",
    pins: Sequence[str] = (),
    language: Language = "en",
) -> Lines:
    """The line diagram of up to twelve heads, each in its own colour code.

    `pins` are tokens that stand out from the start: q3 as a query, k0 as a key.

    Raises:
        ArgumentError: if there are no heads, or something else is not what it should be.
        InterventionError: if the model has no such head, or there are more than colour codes.
    """
    check_line_choices(direction, arrangement)
    check_language(language)
    maps = shown(trace, heads, lens, combination)
    arrays, places = _arrays(maps), maps[0].view.places
    alt = say(
        "lines.alt",
        language,
        model=trace.model.called(language),
        places=len(places),
        heads=" ".join(_alt(one, language) for one in maps),
        strokes=say("lines.strokes", language, unit="px"),
    )
    alt = " ".join([alt, *about_given(trace, language)])
    meta = {
        "alt": alt,
        "direction": direction,
        "pins": pins_of(pins, trace),
        "panels": _panels(maps, arrangement),
        "heads": [
            {
                **head_words(m, language),
                "light": m.code.light,
                "dark": m.code.dark,
                "dash": m.code.dash,
            }
            for m in maps
        ],
        "labels": [place.text for place in places],
        "names": [place.name for place in places],
        "words": line_words(language),
    }
    ids = tuple(head for one in maps for head in one.heads)
    packet = pack(meta, arrays)
    recipe = Recipe("lines", trace, ids, maps[0].lens, combination, direction, arrangement)
    return Lines(
        **arrays,
        alt=alt,
        packet=packet,
        trace=trace,
        maps=maps,
        heads=ids,
        language=language,
        recipe=recipe,
        pins=tuple(pins),
    )


def _pinned(places: Sequence[Place], pins: Sequence[str], language: Language) -> str:
    """Which tokens are pinned, so that only their lines are on paper."""
    kinds = {"q": say("picture.query", language), "k": say("picture.key", language)}
    named = [
        f"{svg_lines.mark(pins, pin)}{places[int(pin[1:])].name} ({kinds[pin[0]]})" for pin in pins
    ]
    return say("lines.pinned", language, tokens=", ".join(named))


def check_line_choices(direction: object, arrangement: object) -> None:
    """Make sure that lines can be laid out like this."""
    checks.one_of("direction", direction, get_args(Direction))
    checks.one_of("arrangement", arrangement, get_args(Arrangement))


def drawn_as_lines(view: View) -> Bool[np.ndarray, "query key"]:
    """Which weights are drawn: what the lens shows, and a screen can."""
    drawn: np.ndarray = view.shown & (view.weights >= FAINTEST)
    return drawn


def _panels(maps: Sequence[Shown], arrangement: Arrangement) -> dict[str, Any]:
    indices = list(range(len(maps)))
    together = arrangement == "overlaid"
    return {
        "heads": [indices] if together else [[index] for index in indices],
        "beside": arrangement == "beside",
    }


def _arrays(maps: Sequence[Shown]) -> dict[str, np.ndarray]:
    """Every line that can be seen, head by head."""
    head, query, key, weight = [], [], [], []
    for index, one in enumerate(maps):
        view = one.view
        rows, columns = np.nonzero(drawn_as_lines(view))
        head.append(np.full(len(rows), index, np.uint8))
        query.append(rows.astype(np.uint16))
        key.append(columns.astype(np.uint16))
        weight.append(view.weights[rows, columns].astype(np.float32))
    return {
        "head": np.concatenate(head),
        "query": np.concatenate(query),
        "key": np.concatenate(key),
        "weight": np.concatenate(weight),
    }


def line_words(language: Language) -> dict[str, str]:
    """What every line diagram says."""
    names = ("queries", "keys", "help", "focus_query", "focus_key", "no_lines")
    strokes = say("lines.strokes", language, unit="px")
    return {name: say(f"lines.{name}", language) for name in names} | {"strokes": strokes}


def _alt(one: Shown, language: Language) -> str:
    """A head by its name, what it does, and all that is not drawn."""
    said = head_words(one, language)
    texts = [text for text in [said["says"], *said["notes"]] if text]
    return f"{said['name']}: {' '.join(texts)}" if texts else f"{said['name']}."


def head_words(one: Shown, language: Language) -> dict[str, Any]:
    """What a picture says about one head, with what it hides."""
    view = one.view
    faint = view.shown & ~drawn_as_lines(view)
    notes = one.notes(language)
    if faint.any():
        lines, share = f"{int(faint.sum()):,}", percent(view.share(faint))
        notes.append(say("lines.faint", language, lines=lines, share=share))
    return {
        "name": one.name(language),
        "title": title(one.trace, one.name(language), language),
        "says": one.says(language),
        "formula": one.formula(language),
        "notes": notes,
    }
