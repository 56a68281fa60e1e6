"""Explorer: all heads of a sentence as one picture of its own, with a choice of head.

For files and notebooks, where no server answers: the overview, the maps of two heads and
their lines, with every weight in the packet. A weight is stored in steps of 1/65,534, exact
to one step; which lines are too faint to draw is decided before that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8

from attnviz.analysis.combine import Combination
from attnviz.analysis.difference import most_different
from attnviz.analysis.lens import Lens
from attnviz.errors import CaptureError, InterventionError
from attnviz.figures import style
from attnviz.figures.facts import about_given
from attnviz.figures.lines import FAINTEST, Arrangement, Direction, head_words, line_words, lines
from attnviz.figures.overview import overview, overview_words
from attnviz.figures.packet import pack
from attnviz.figures.picture import title
from attnviz.figures.recipe import Recipe
from attnviz.figures.shown import Shown, shown
from attnviz.figures.standalone import framed, origin, picture, standalone, tag
from attnviz.figures.style import HEAD_CODES, MOST_HEADS
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
from attnviz.words import Language, say

STEPS = 65_534  # of a weight; one value more says that it is hidden
HIDDEN = STEPS + 1
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
            tag("h1", title(self.trace, said)),
            origin(self.trace, self.language),
            picture("explorer", self.packet(), self.alt),
            tag("p", say("file.steps", self.language), "small"),
            tag("pre", again, "again"),
        ]
        return standalone(title(self.trace, said), body, self.language)

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
        card = self.trace.model
        sizes = {"layers": card.layers, "heads": card.heads, "tokens": len(self.trace.tokens)}
        alt = say("overview.alt", self.language, model=card.title, **sizes)
        return " ".join([alt, *about_given(self.trace, self.language)])

    def packet(self) -> bytes:
        """What draws the picture: every weight of the heads that are in it."""
        maps, chosen = self._maps()
        places = maps[0].view.places
        holds_all = len(maps) >= len(self.trace.heads)
        high, low = np.divmod(np.stack([steps_of(one) for one in maps]), 256)
        arrays = {
            "high": high.astype(np.uint8),
            "low": low.astype(np.uint8),
            "ink_light": style.ramp(style.INK["light"], "light"),
            "ink_dark": style.ramp(style.INK["dark"], "dark"),
            "ramps_light": _ramps("light"),
            "ramps_dark": _ramps("dark"),
        }
        edges: Sequence[int] = range(len(places) + 1)
        if not holds_all:
            tiles = overview(self.trace)
            arrays["tiles"], edges = tiles.tiles, tiles.edges
        return pack(self._meta(maps, chosen, edges, holds_all), arrays)

    def _maps(self) -> tuple[list[Shown], list[int]]:
        """Every map in the file, and where the chosen ones stand among them."""
        trace = self.trace
        chosen = shown(trace, self.heads, self.lens, self.combination)
        if len(trace.heads) * len(trace.tokens) ** 2 > MOST_WEIGHTS:
            return list(chosen), list(range(len(chosen)))
        code = HEAD_CODES[0]
        maps = [Shown(trace, (head,), self.lens, code) for head in trace.heads]
        if self.combination is not None:
            return [*maps, *chosen], [len(maps)]
        return maps, [trace.heads.index(head) for head in self.heads]

    def _meta(
        self, maps: list[Shown], chosen: list[int], edges: Sequence[int], holds_all: bool
    ) -> dict[str, Any]:
        places, language = maps[0].view.places, self.language
        lensed = holds_all and self.lens != Lens()
        labels = [place.text for place in places]
        over = labels if holds_all else [token.text for token in self.trace.tokens]
        words = overview_words(self.trace, over, edges, language)
        if lensed:
            words["note"] += " " + say("overview.lens", language)
        return {
            "alt": self.alt,
            "parts": self.parts,
            "labels": labels,
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
        InterventionError: if the model has no such head, or there are more than colour codes.
    """
    ids = tuple(HeadId(*head) for head in heads or _two(trace))
    ids = tuple(dict.fromkeys(ids))
    trace.check_heads(ids)
    if len(ids) > MOST_HEADS:
        raise InterventionError("too_many_heads", heads=len(ids), most=MOST_HEADS)
    return Explorer(
        trace,
        ids,
        lens or Lens(),
        combination,
        direction,
        arrangement,
        tuple(pins),
        tuple(parts),
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

    A weight that is drawn as a line keeps at least as many steps as the faintest line has,
    and one that is not keeps fewer.
    """
    view = one.view
    steps = np.rint(np.clip(view.weights, 0, 1).astype(np.float64) * STEPS)
    drawn = view.weights >= FAINTEST
    steps = np.where(drawn, np.maximum(steps, FIRST_DRAWN), np.minimum(steps, FIRST_DRAWN - 1))
    return np.where(view.shown, steps, HIDDEN).astype(np.uint16)


def _ramps(mode: style.Mode) -> UInt8[np.ndarray, "slot level rgb"]:
    """The ramps of heads A and B."""
    return np.stack([style.ramp(getattr(code, mode), mode) for code in HEAD_CODES[:2]])
