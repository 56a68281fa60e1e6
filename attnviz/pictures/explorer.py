"""Explorer: all heads of a sentence as one picture of its own, with a choice of head.

For files and notebooks, where no server answers: the overview, the maps of two heads and
their lines, with every weight in the packet. A weight is stored in steps of 1/65,534, less
than one step off; which lines are too faint to draw is decided before that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import UInt8

from attnviz import checks
from attnviz.analysis.combine import Combination
from attnviz.analysis.difference import most_different
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, InterventionError
from attnviz.pictures import style
from attnviz.pictures.asked import check_language, check_trace, lens_of, pins_of
from attnviz.pictures.lines import (
    FAINTEST,
    Arrangement,
    Direction,
    check_line_choices,
    head_words,
    line_words,
    lines,
)
from attnviz.pictures.overview import cell_edges, overview, overview_words
from attnviz.pictures.packet import pack
from attnviz.pictures.picture import title
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import Shown, shown
from attnviz.pictures.standalone import framed, origin, picture, standalone, tag
from attnviz.pictures.style import HEAD_CODES, MOST_HEADS
from attnviz.texts import Language, say

STEPS = 65_534  # of a weight; one value more says that it is hidden
HIDDEN = STEPS + 1
BINS = 20_000
SLACK = 1.01 / STEPS  # what a stored weight may be off, with the rounding of float32
FIRST_DRAWN = int(np.ceil(STEPS * FAINTEST))  # the least number of steps that is drawn as a line
MOST_WEIGHTS = 4_000_000  # beyond, only the chosen heads are in the file, and it says so
NOTEBOOK_HEIGHT = 1_300  # px of a frame, which scrolls beyond

Part = Literal["overview", "maps", "lines"]
PARTS: tuple[Part, ...] = ("overview", "maps", "lines")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explorer:
    """What a file shows: heads, the lens on them, and which parts."""

    trace: Trace
    heads: tuple[HeadId, ...]  # A, B, then more
    lens: Lens = field(default_factory=Lens)
    combination: Combination | None = None
    direction: Direction = "horizontal"
    arrangement: Arrangement = "stacked"
    pins: tuple[str, ...] = ()
    parts: tuple[Part, ...] = PARTS
    language: Language = "en"

    def __repr__(self) -> str:
        return f"<Explorer: {self.trace!r}>"

    @property
    def recipe(self) -> Recipe:
        """How this picture is made again."""
        return Recipe(
            "explore",
            self.trace,
            heads=self.heads,
            lens=self.lens,
            combination=self.combination,
            direction=self.direction,
            arrangement=self.arrangement,
        )

    def to_html(self) -> str:
        """One HTML file that needs no network: choose heads, hover and pin as in the app."""
        said = ", ".join(str(head) for head in self.heads)
        again = say("file.again", self.language, command=self.recipe.text)
        body = [
            tag("h1", title(self.trace, said, self.language)),
            origin(self.trace, self.language),
            picture("explorer", self.packet(), self.alt),
            tag("p", say("file.steps", self.language), "small"),
            tag("pre", again, "again"),
        ]
        return standalone(title(self.trace, said, self.language), body, self.language)

    def to_svg(self) -> str:
        """One SVG file at print size: the lines of the chosen heads."""
        return lines(
            self.trace,
            self.heads,
            self.lens,
            combination=self.combination,
            direction=self.direction,
            arrangement=self.arrangement,
            pins=self.pins,
            language=self.language,
        ).to_svg()

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return framed(self.to_html(), self.alt, NOTEBOOK_HEIGHT)

    @property
    def alt(self) -> str:
        """The picture in words."""
        alt: str = self._overview_words()["alt"]
        return alt

    def packet(self) -> bytes:
        """What draws the picture: every weight of the heads that are in it."""
        maps, chosen = self._maps()
        high, low = np.divmod(np.stack([steps_of(one) for one in maps]), 256)
        arrays = {
            "high": high.astype(np.uint8),
            "low": low.astype(np.uint8),
            "ink_light": style.ramp(style.INK["light"], "light"),
            "ink_dark": style.ramp(style.INK["dark"], "dark"),
            "ramps_light": _ramps("light"),
            "ramps_dark": _ramps("dark"),
        }
        if not self._holds_all:
            arrays["tiles"] = overview(self.trace).tiles
        return pack(self._meta(maps, chosen), arrays)

    @property
    def _holds_all(self) -> bool:
        """Whether every head is in the file, and not the chosen ones alone."""
        return len(self.trace.heads) * len(self.trace.tokens) ** 2 <= MOST_WEIGHTS

    def _maps(self) -> tuple[list[Shown], list[int]]:
        """Every map in the file, and where the chosen ones stand among them."""
        trace = self.trace
        chosen = shown(trace, self.heads, self.lens, self.combination)
        if not self._holds_all:
            return list(chosen), list(range(len(chosen)))
        code = HEAD_CODES[0]
        maps = [Shown(trace, (head,), self.lens, code) for head in trace.heads]
        if self.combination is not None:
            return [*maps, *chosen], [len(maps)]
        return maps, [trace.heads.index(head) for head in self.heads]

    def _overview_words(self) -> dict[str, Any]:
        """What the overview says: of all places through the lens, or of blocks of tokens."""
        trace, language = self.trace, self.language
        if not self._holds_all:
            labels = [token.text for token in trace.tokens]
            edges = cell_edges(len(labels), len(trace.heads))
            return overview_words(trace, labels, edges, language)
        places = Shown(trace, trace.heads[:1], self.lens, HEAD_CODES[0]).view.places
        labels = [place.text for place in places]
        lensed = [say("overview.lens", language)] if self.lens != Lens() else []
        words = overview_words(trace, labels, range(len(labels) + 1), language, lensed)
        return {**words, "slack": SLACK}

    def _meta(self, maps: list[Shown], chosen: list[int]) -> dict[str, Any]:
        places, language = maps[0].view.places, self.language
        words = self._overview_words()
        return {
            "alt": words["alt"],
            "parts": self.parts,
            "labels": [place.text for place in places],
            "names": [place.name for place in places],
            "maps": [
                {
                    **head_words(one, language),
                    "map_notes": one.notes(language),
                    "place": one.heads[0] if one.combination is None else None,
                }
                for one in maps
            ],
            "chosen": chosen,
            "pins": list(self.pins),
            "direction": self.direction,
            "arrangement": self.arrangement,
            "steps": STEPS,
            "faintest": FIRST_DRAWN,
            "codes": [
                {"light": code.light, "dark": code.dark, "dash": code.dash} for code in HEAD_CODES
            ],
            "overview": words,
            "line_words": line_words(language),
            "map_words": {
                "direction": say("picture.direction", language),
                "weight": say("picture.weight", language),
                "rounded": say("picture.rounded", language),
                "some_named": say("picture.some_named", language, step="{step}"),
                "ink": say("picture.ink", language),
                **{name: say(f"map.{name}", language) for name in ("rest", "read", "hidden")},
            },
            "not_here": say("map.not_here", language),
        }


def explore(
    trace: Trace,
    heads: Sequence[tuple[int, int]] | None = None,
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

    The first two heads where row sums are not 1, as the file says.

    Raises:
        ArgumentError: if something is not what it should be.
        InterventionError: if the model has no such head, or there are more than colour codes.
    """
    check_trace(trace)
    check_line_choices(direction, arrangement)
    check_language(language)
    if combination is not None:
        checks.one_of("combination", combination, get_args(Combination))
    wanted = checks.several("parts", parts, repr(PARTS)) or [None]
    for part in wanted:
        checks.one_of("parts", part, PARTS)
    ids = trace.check_heads(_two(trace) if heads is None else heads)
    ids = tuple(dict.fromkeys(ids))
    if len(ids) > MOST_HEADS:
        raise InterventionError("too_many_heads", heads=len(ids), most=MOST_HEADS)
    return Explorer(
        trace,
        ids,
        lens_of(lens),
        combination,
        direction,
        arrangement,
        pins_of(pins, trace),
        tuple(wanted),
        language,
    )


def _two(trace: Trace) -> tuple[HeadId, ...]:
    """The two most different heads; the first two where weights are no distributions."""
    try:
        return most_different(trace)[:2]
    except CaptureError:
        return trace.heads[:2]


def steps_of(one: Shown) -> np.ndarray:
    """A map's weights in steps, as uint16; HIDDEN where the lens hides them.

    Each is less than one step off, and to 2, 3 or 4 decimals it is still the weight: both lie
    between the same multiples of 1 / BINS, among which are all halves of such digits. A weight
    that is drawn as a line keeps at least as many steps as the faintest line has, and one that
    is not keeps fewer.
    """
    view = one.view
    weights = np.clip(view.weights, 0, 1).astype(np.float64)
    below = np.floor(weights * BINS)
    first, last = (np.ceil((below + more) * (STEPS / BINS)) - more for more in (0, 1))
    steps = np.minimum(np.clip(np.rint(weights * STEPS), first, last), STEPS)
    drawn = view.weights >= FAINTEST
    steps = np.where(drawn, np.maximum(steps, FIRST_DRAWN), np.minimum(steps, FIRST_DRAWN - 1))
    return np.where(view.shown, steps, HIDDEN).astype(np.uint16)


def _ramps(mode: style.Mode) -> UInt8[np.ndarray, "slot level rgb"]:
    """The ramps of heads A and B."""
    return np.stack([style.ramp(getattr(code, mode), mode) for code in HEAD_CODES[:2]])
