"""Explorer: all heads of a sentence as one picture of its own, with a choice of head.

For files and notebooks, where no server answers: the overview, the maps of two heads and
their lines, with every value in the packet (see `quantised`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
from jaxtyping import UInt8

from attnviz import checks
from attnviz.analysis.allowed import allowed_in_layer
from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens, check_between
from attnviz.core.heads import AnyHead, HeadId
from attnviz.core.maps import MOST_PAIRS, AttentionMap, second_text
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.errors import InterventionError
from attnviz.pictures import style
from attnviz.pictures.arguments import check_drawn, check_language, lens_of, pins_of
from attnviz.pictures.differences import pair_shown
from attnviz.pictures.explorer.heads import of_one_kind
from attnviz.pictures.file import one_file
from attnviz.pictures.heatmap.words import map_texts
from attnviz.pictures.lines import Arrangement, Direction, Lines, check_line_choices, lines
from attnviz.pictures.lines.words import head_code, head_words, line_words
from attnviz.pictures.overview import inks_of
from attnviz.pictures.overview.tiles import Tiles, labels_of, map_tile, place_of, tiles_of
from attnviz.pictures.overview.words import map_words, overview_words
from attnviz.pictures.packet import pack
from attnviz.pictures.quantised import FIRST_DRAWN, SLACK, STEPS, quantised
from attnviz.pictures.recipe import PARTS, Part, Recipe
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, Source, check_alone, first_of_layers, shown, side
from attnviz.pictures.standalone import FRAME_HEIGHT, framed, picture, tag
from attnviz.pictures.style import HEAD_CODES, MOST_HEADS
from attnviz.texts import Language, enumerated, say

SCRIPT = Script("explorer", needs=("overview", "heatmap", "lines"))
MOST_WEIGHTS = 4_000_000  # beyond, only the chosen heads are in the file, and it says so
BEGINNING = (0, 127)  # of a long text: the span that is drawn unless another is asked for


@dataclass(frozen=True, eq=False, repr=False)
class Explorer:
    """What a file shows: heads, the lens on them, and which parts; or one map as it is."""

    drawn: Trace | AttentionMap
    heads: tuple[HeadId, ...]  # A, B, then more
    lens: Lens = field(default_factory=Lens)
    combination: Combination | None = None
    direction: Direction = "horizontal"
    arrangement: Arrangement = "stacked"
    pins: tuple[str, ...] = ()
    parts: tuple[Part, ...] = PARTS
    language: Language = "en"

    def __repr__(self) -> str:
        return f"<Explorer: {self.drawn!r}>"

    @property
    def trace(self) -> Trace | None:
        """The trace that is drawn, if it is one."""
        return self.drawn if isinstance(self.drawn, Trace) else None

    @property
    def recipe(self) -> Recipe | None:
        """How this picture is made again, where that is known."""
        if self.trace is None:
            return None
        return Recipe(
            "explore",
            self.trace,
            heads=self.heads,
            lens=self.lens,
            combination=self.combination,
            direction=self.direction,
            arrangement=self.arrangement,
            pins=self.pins,
            parts=self.parts,
        )

    def to_html(self) -> str:
        """One HTML file that needs no network: choose heads, hover and pin as in the app."""
        named = enumerated(map(str, self.heads), self.language)
        called = named or self.chosen[0].name(self.language)
        steps = tag("p", say("file.steps", self.language), "small")
        drawn = picture(SCRIPT.name, self.packet(), self.alt)
        return one_file([drawn], self.trace, called, self.recipe, self.language, [steps])

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or for a `sheet`: the lines of the chosen heads."""
        return self.lines.to_svg(sheet=sheet)

    @property
    def lines(self) -> Lines:
        """The lines of the chosen heads."""
        alone = self.trace is None
        return lines(
            self.drawn,
            self.heads,
            None if alone else self.lens,
            combination=self.combination,
            direction=self.direction,
            arrangement=self.arrangement,
            pins=self.pins,
            language=self.language,
        )

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return framed(self.to_html(), self.alt, FRAME_HEIGHT)

    @property
    def alt(self) -> str:
        """The picture in words."""
        alt: str = self._overview_words()["alt"]
        return alt

    def packet(self) -> bytes:
        """What draws the picture: every value of the maps that are in it."""
        maps, heads = self._maps()
        inks = inks_of(self.drawn)
        signed = maps[0].map.is_signed
        arrays = {
            **quantised(maps),
            "ink_light": inks["ramp_light"],
            "ink_dark": inks["ramp_dark"],
            "ramps_light": _ramps("light", signed),
            "ramps_dark": _ramps("dark", signed),
        }
        if not self._holds_all:
            tiles = self._tiles
            arrays["tiles"] = tiles.levels
            if tiles.denied is not None:
                arrays["tiles_denied"] = tiles.denied
        return pack(self._meta(maps, heads), arrays)

    @property
    def _holds_all(self) -> bool:
        """Whether every head is in the file, and not the chosen ones alone."""
        if isinstance(self.drawn, AttentionMap):
            return self.drawn.values.size <= MOST_WEIGHTS
        queries, keys = labels_of(self.drawn)
        return len(self._all_heads(self.drawn)) * len(queries) * len(keys) <= MOST_WEIGHTS

    def _all_heads(self, trace: Trace) -> tuple[HeadId, ...]:
        """Every head; of maps of layers, one for each."""
        return first_of_layers(trace.heads) if self.lens.is_of_layers else trace.heads

    @property
    def chosen(self) -> tuple[Shown, ...]:
        """The maps of the chosen heads, or the only one."""
        if self.trace is None:
            return shown(self.drawn)
        return shown(self.trace, self.heads, self.lens, self.combination)

    @property
    def pair(self) -> tuple[Shown, ...]:
        """Head A against head B, where both are of one kind; or the only map."""
        if self.trace is None:
            return shown(self.drawn)
        return pair_shown(self.trace, self.heads, self.lens)

    def _maps(self) -> tuple[list[Shown], list[int]]:
        """Every map in the file, and where the chosen ones stand among them."""
        views, trace = self.chosen, self.trace
        if trace is None or not self._holds_all:
            return list(views), list(range(len(views)))
        code = HEAD_CODES[0]
        heads = self._all_heads(trace)
        maps = [Shown(Source(trace, (head,), self.lens), code) for head in heads]
        if self.combination is not None:
            return [*maps, *views], [len(maps)]
        if self.lens.is_of_layers:
            layers = [head.layer for head in heads]
            return maps, [layers.index(head.layer) for head in first_of_layers(self.heads)]
        return maps, [heads.index(head) for head in self.heads]

    @cached_property
    def _tiles(self) -> Tiles:
        """The tiles of the overview where a cell may stand for several values."""
        if isinstance(self.drawn, AttentionMap):
            return map_tile(self.drawn)
        return tiles_of(self.drawn, self.lens.map)

    def _overview_words(self) -> dict[str, Any]:
        """What the overview says: of all places through the lens, or of blocks of tokens."""
        language, trace = self.language, self.trace
        if trace is None:
            (view,) = self.chosen
            tiles = _cells(view.map, view.map.denied) if self._holds_all else self._tiles
            words = map_words(view, tiles, language)
            return {**words, "slack": SLACK} if self._holds_all else words
        if not self._holds_all:
            labels = labels_of(trace)
            return overview_words(trace, *labels, self._tiles, language, map_kind=self.lens.map)
        attention = Source(trace, trace.heads[:1], self.lens).attention_map()
        rows, columns = (
            [place.text for place in side] for side in (attention.rows, attention.columns)
        )
        plain = Lens(map=self.lens.map)
        lensed = [say("overview.lens", language)] if self.lens != plain else []
        layers = [allowed_in_layer(trace, layer) for layer in range(trace.model.layers)]
        denied = next((~layer[0] for layer in layers if layer is not None), np.zeros(1, bool))
        cells = _cells(attention, denied)
        words = overview_words(trace, rows, columns, cells, language, lensed, self.lens.map)
        return {**words, "slack": SLACK}

    def _meta(self, maps: list[Shown], chosen: list[int]) -> dict[str, Any]:
        first, language = maps[0].map, self.language
        words = self._overview_words()
        codes = [head_code(code, maps[0].minus) for code in HEAD_CODES]
        return {
            "alt": words["alt"],
            "parts": self.parts,
            "rows": side(first.rows),
            "columns": side(first.columns),
            "signed": first.is_signed,
            "maps": [
                {
                    **head_words(view, language),
                    "map_notes": view.notes(language),
                    "place": self._place(view),
                }
                for view in maps
            ],
            "chosen": chosen,
            "pins": list(self.pins),
            "direction": self.direction,
            "arrangement": self.arrangement,
            "steps": STEPS,
            "faintest": FIRST_DRAWN,
            "codes": codes,
            "overview": words,
            "line_words": line_words(maps, language),
            "map_words": map_texts(first, language),
            "not_here": say("map.not_here", language),
        }

    def _place(self, one: Shown) -> tuple[int, int] | None:
        """Layer and head at which the overview shows a map; None for one of several heads."""
        if one.source is None or one.combination is not None:
            return None
        return place_of(one.heads[0], of_layers=self.lens.is_of_layers)


def _cells(seen: AttentionMap, denied: np.ndarray) -> Tiles:
    """Tiles of a cell a value, without the values, which are in the file already."""
    rows, columns = (tuple(range(len(side) + 1)) for side in (seen.rows, seen.columns))
    nothing = np.zeros((1, 1, *seen.values.shape), np.uint8)
    seconds = (second_text(seen.rows), second_text(seen.columns))
    return Tiles(nothing, rows, columns, nothing if denied.any() else None, seconds)


def explore(
    trace: Trace | AttentionMap,
    heads: Sequence[AnyHead] | None = None,
    lens: Lens | None = None,
    *,
    combination: Combination | None = None,
    direction: Direction = "horizontal",
    arrangement: Arrangement = "stacked",
    pins: Sequence[str] = (),
    parts: Sequence[Part] = PARTS,
    language: Language = "en",
) -> Explorer:
    """All heads, with some of them chosen; the two most different ones unless `heads` says.

    The first two heads where row sums are not 1, as the file says. Of a text of more than 2,048
    tokens the first 128 are drawn in full, as it says too, unless the lens has a span.
    In place of a trace with its heads, an attention map from anywhere.

    Raises:
        ArgumentError: if something is not what it should be.
        CaptureError: if the lens asks for one text of a pair, and there is no pair.
        InterventionError: if the model has no such head, or there are more than colour codes.
    """
    check_drawn(trace)
    check_line_choices(direction, arrangement)
    check_language(language)
    if combination is not None:
        checks.one_of("combination", combination, get_args(Combination))
    file_parts = checks.several("parts", parts, repr(PARTS)) or [None]
    for part in file_parts:
        checks.one_of("parts", part, PARTS)
    if isinstance(trace, AttentionMap):
        check_alone(heads, lens, combination)
        ids: tuple[HeadId, ...] = ()
    else:
        trace, ids = of_one_kind(trace, heads)
        check_between(lens_of(lens), trace.query_tokens(), trace.key_tokens())
    if len(ids) > MOST_HEADS:
        raise InterventionError("too_many_heads", heads=len(ids), most=MOST_HEADS)
    return Explorer(
        trace,
        ids,
        _spanned(trace, lens_of(lens)),
        combination,
        direction,
        arrangement,
        pins_of(pins, trace),
        tuple(file_parts),
        language,
    )


def _spanned(drawn: Trace | AttentionMap, lens: Lens) -> Lens:
    """The lens, of a text too long for one map with the beginning as its span."""
    if isinstance(drawn, AttentionMap) or lens.span:
        return lens
    queries, keys = labels_of(drawn)
    return lens if len(queries) * len(keys) <= MOST_PAIRS else replace(lens, span=BEGINNING)


def _ramps(mode: style.Mode, signed: bool) -> UInt8[np.ndarray, "slot level rgb"]:
    """The ramps of heads A and B; of both signs in both slots."""
    codes = (HEAD_CODES[0], HEAD_CODES[0]) if signed else HEAD_CODES[:2]
    return np.stack([style.map_ramp(code, mode, signed=signed) for code in codes])
