"""Lines: a line from each query to each key, as opaque as the value between them.

The opacity of a line is the weight itself (of a value of either sign its size), whatever else
is drawn or chosen. Lines whose opacity a screen cannot show (below 1/255) are counted instead
of drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float32, Shaped, UInt8, UInt16

from attnviz import checks
from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.core.heads import AnyHead, HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.one_kind import of_kind
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.pictures import style, svg
from attnviz.pictures.arguments import check_language, pins_of
from attnviz.pictures.file import one_file
from attnviz.pictures.lines import on_paper
from attnviz.pictures.lines.words import (
    captioned_words,
    drawn_as_lines,
    edge_names,
    head_alt,
    head_code,
    head_words,
    kind_of,
    line_counts,
    line_words,
    short_words,
    stroke_words,
)
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import MM, Paper, paper_of
from attnviz.pictures.picture import some_named
from attnviz.pictures.pinned import mark, pinned_note, pins_of_map
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, shown, side
from attnviz.pictures.standalone import framed, picture
from attnviz.pictures.style import FAINTEST as FAINTEST
from attnviz.texts import Language, enumerated, running, say

Direction = Literal["horizontal", "vertical"]
Arrangement = Literal["stacked", "beside", "overlaid"]

SCRIPT = Script("lines")
BESIDE = 12.0  # units between two panels on paper


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Lines:
    """The lines of some maps, and the packet that draws them."""

    head: UInt8[np.ndarray, " line"]  # index into the maps
    query: UInt16[np.ndarray, " line"]  # index into the rows
    key: UInt16[np.ndarray, " line"]  # index into the columns
    weight: Float32[np.ndarray, " line"]
    alt: str
    packet: bytes
    maps: tuple[Shown, ...]
    language: Language
    direction: Direction
    arrangement: Arrangement
    recipe: Recipe | None  # None where it is not known where a map is from
    pins: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Lines: {self.alt}>"

    @property
    def trace(self) -> Trace | None:
        """The trace that is drawn, if any."""
        return self.maps[0].trace

    @property
    def heads(self) -> tuple[HeadId, ...]:
        """The heads that are drawn."""
        return tuple(head for view in self.maps for head in view.heads)

    def to_html(self) -> str:
        """One HTML file that needs no network: hover, pin and Escape as in the app."""
        called = enumerated(map(str, self.heads), self.language) or self.maps[0].name(self.language)
        drawn = picture(SCRIPT.name, self.packet, self.alt)
        return one_file([drawn], self.trace, called, self.recipe, self.language)

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet` of a paper, every line in it."""
        paper = paper_of(sheet)
        together = panels_of(len(self.maps), self.arrangement)
        is_beside = len(together) > 1 and self.arrangement != "stacked"
        if is_beside and self._stands_beside(paper):
            blocks = self._beside(together, paper)
        else:
            blocks = list(chain(*chain(*(self._panel(panel, paper) for panel in together))))
        return svg.document(self.trace, blocks, self.recipe, self.language, self.alt, sheet)

    def _beside(self, panels: Sequence[Sequence[int]], paper: Paper) -> list[svg.Block]:
        """Two panels beside each other with their lines on one level, the next ones below."""
        half = _half(paper)
        drawn = [self._panel(panel, half) for panel in panels]
        pairs = (drawn[at : at + 2] for at in range(0, len(drawn), 2))
        return [svg.on_one_level(pair, 8, BESIDE) for pair in pairs]

    def _stands_beside(self, paper: Paper) -> bool:
        """Whether no name is lost to half the width that the whole width has room for."""
        half, whole = (self._layout(sheet).every for sheet in (_half(paper), paper))
        return half == 1 or whole > 1

    def _panel(self, panel: Sequence[int], paper: Paper) -> tuple[list[svg.Block], list[svg.Block]]:
        """What is said of the heads of one panel, and their lines with what is listed of them."""
        language, first = self.language, self.maps[0].map
        dashes = {i: self._dash(i, panel, paper) for i in panel}
        drawn = [self._head_lines(i, paper, dashes[i]) for i in panel]
        pins = self._pins_drawn
        layout = self._layout(paper, len(pins) * sum(map(len, drawn)))
        said = [self._words(index, paper, dashes[index], layout.every) for index in panel]
        notes = pinned_note("lines.pinned", pins, first, language)
        said += [svg.small_print(note, paper=paper) for note in notes]
        listed = [] if layout.holds_numbers else list(product(panel, pins))
        below = [
            svg.small_print(self._listed(index, pin, layout, pins), paper=paper)
            for index, pin in listed
        ]
        return said, [on_paper.line_diagram(layout, list(chain(*drawn)), pins), *below]

    def _words(self, index: int, paper: Paper, dash: str, every: int) -> svg.Block:
        """What is said of one head; with the first, of all lines and of names."""
        view, language = self.maps[index], self.language
        words = head_words(view, language)
        small = [words["formula"], words["says"], running(words["notes"])]
        counts = line_counts(view, language)
        if index == 0:
            named = some_named(every, language)
            small += [stroke_words(self.maps, language, f"× {MM:g} mm"), *named]
            counts += named
        colour = paper.colour(view.code)
        return svg.words(words["title"], small, colour, paper, dash, words["name"], counts)

    @property
    def _pins_drawn(self) -> tuple[str, ...]:
        """The pins of tokens that are drawn."""
        return pins_of_map(self.pins, self.maps[0].map)

    def _layout(self, paper: Paper, lanes: int = 0) -> on_paper.Layout:
        """The two edges of a panel, with so many numbers at one end of lines."""
        return on_paper.Layout(
            self.maps[0].map.rows,
            self.maps[0].map.columns,
            self.direction == "vertical",
            edge_names(self.maps, self.language),
            paper,
            lanes,
            marked=len(self._pins_drawn) > 1,
        )

    def _listed(self, index: int, pin: str, layout: on_paper.Layout, pins: Sequence[str]) -> str:
        """The numbers of one pin of one head in words, the largest first."""
        view, is_own = self.maps[index], self.head == index
        numbers = on_paper.listed(
            layout, pin, self.query[is_own], self.key[is_own], self.weight[is_own]
        )
        kind = "query" if pin[0] == "q" else "key"
        words = say(f"lines.focus_{kind}{kind_of(self.maps)}", self.language)
        token = words.replace("{token}", layout.sides[pin[0]][int(pin[1:])].name)
        return f"{mark(pins, pin)}{view.name(self.language)} · {token} {numbers or '–'}"

    def _dash(self, index: int, panel: Sequence[int], paper: Paper) -> str:
        """Of a head's lines: where several are solid they are told apart without colour."""
        dash = self.maps[index].code.dash
        if not paper.is_exact or dash != style.SOLID:
            return dash
        solid = [i for i in panel if self.maps[i].code.dash == style.SOLID]
        return style.SOLID_APART[solid.index(index)]

    def _head_lines(self, index: int, paper: Paper, dash: str) -> list[on_paper.HeadLines]:
        """The lines of one map in its colour; those below 0 in their own."""
        view, is_own = self.maps[index], self.head == index
        query, key, weight = self.query[is_own], self.key[is_own], self.weight[is_own]
        inks = {1: paper.colour(view.code)}
        inks |= {} if view.minus is None else {-1: paper.colour(view.minus)}
        return [
            on_paper.HeadLines(ink, dash, query[of_sign], key[of_sign], weight[of_sign])
            for sign, ink in inks.items()
            for of_sign in [sign * weight > 0]
        ]

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        panels = len(panels_of(len(self.maps), self.arrangement))
        return framed(self.to_html(), self.alt, 300 + 340 * panels)


def panels_of(heads: int, arrangement: Arrangement) -> list[list[int]]:
    """Which heads share a panel: those laid over each other, as many as hues can tell apart."""
    if arrangement == "overlaid" and heads <= style.MOST_OVERLAID:
        return [list(range(heads))]
    return [[head] for head in range(heads)]


def lines(
    trace: Trace | AttentionMap,
    heads: Sequence[AnyHead] = (),
    lens: Lens | None = None,
    *,
    combination: Combination | None = None,
    direction: Direction = "horizontal",
    arrangement: Arrangement = "stacked",
    pins: Sequence[str] = (),
    language: Language = "en",
) -> Lines:
    """The line diagram of up to twelve heads, each in its own colour code.

    In place of a trace with its heads, an attention map from anywhere. `pins` are tokens that
    stand out from the start: q3 as a query, k0 as a key.

    Raises:
        ArgumentError: if there are no heads, or something else is not what it should be.
        InterventionError: if the model has no such head, or there are more than colour codes.
    """
    check_line_choices(direction, arrangement)
    check_language(language)
    maps = shown(trace, heads, lens, combination)
    pinned = pins_of(pins, _between(trace, maps[0].heads))
    return draw(maps, direction, arrangement, pinned, language)


def draw(
    maps: Sequence[Shown],
    direction: Direction,
    arrangement: Arrangement,
    pins: Sequence[str],
    language: Language,
    *,
    captioned: bool = False,
) -> Lines:
    """The lines of what is shown.

    They say model, formula and what each head does themselves unless they are `captioned`, as on
    a page. What is hidden they always say.
    """
    first, words = maps[0].map, [head_words(one, language) for one in maps]
    alt = say(
        "lines.alt",
        language,
        model=maps[0].model(language),
        queries=len(first.rows),
        keys=len(first.columns),
        heads=running(map(head_alt, words)),
        strokes=stroke_words(maps, language),
    )
    alt = running([alt, *maps[0].about(language)])
    meta = {
        "alt": alt,
        "direction": direction,
        "pins": list(pins),
        "panels": {
            "heads": panels_of(len(maps), arrangement),
            "beside": arrangement != "stacked",
        },
        "heads": [
            {
                **head_text,
                **(captioned_words(one, language) if captioned else {}),
                **head_code(one.code, one.minus),
            }
            for head_text, one in zip(words, maps, strict=True)
        ],
        "rows": side(first.rows),
        "columns": side(first.columns),
        "words": {**line_words(maps, language), **(short_words(language) if captioned else {})},
    }
    arrays = line_arrays(maps)
    recipe = None
    if (source := maps[0].source) is not None:
        ids = tuple(head for one in maps for head in one.heads)
        recipe = Recipe(
            "lines",
            source.trace,
            ids,
            source.lens,
            source.combination,
            direction,
            arrangement,
            pins,
        )
    return Lines(
        **arrays,
        alt=alt,
        packet=pack(meta, arrays),
        maps=tuple(maps),
        language=language,
        direction=direction,
        arrangement=arrangement,
        recipe=recipe,
        pins=tuple(pins),
    )


def _between(drawn: Trace | AttentionMap, heads: Sequence[HeadId]) -> Trace | AttentionMap:
    """What is drawn, with the tokens between which these heads run alone."""
    return of_kind(drawn, heads[0].kind) if isinstance(drawn, Trace) else drawn


def _half(paper: Paper) -> Paper:
    """The paper of one of two panels beside each other."""
    return replace(paper, width=(paper.width - BESIDE) / 2)


def check_line_choices(direction: object, arrangement: object) -> None:
    """Make sure that lines can be laid out like this."""
    checks.one_of("direction", direction, get_args(Direction))
    checks.one_of("arrangement", arrangement, get_args(Arrangement))


def line_arrays(maps: Sequence[Shown]) -> dict[str, Shaped[np.ndarray, " line"]]:
    """Every line that can be seen, head by head."""
    head, query, key, weight = [], [], [], []
    for index, view in enumerate(maps):
        rows, columns = np.nonzero(drawn_as_lines(view.map))
        head.append(np.full(len(rows), index, np.uint8))
        query.append(rows.astype(np.uint16))
        key.append(columns.astype(np.uint16))
        weight.append(view.map.values[rows, columns].astype(np.float32))
    return {
        "head": np.concatenate(head),
        "query": np.concatenate(query),
        "key": np.concatenate(key),
        "weight": np.concatenate(weight),
    }
