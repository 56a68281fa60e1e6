"""Lines: a line from each query to each key, as opaque as the weight between them.

The opacity of a line is the weight itself, whatever else is drawn or chosen. Lines whose
opacity a screen cannot show (below 1/255) are counted instead of drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.figures.packet import pack
from attnviz.figures.picture import percent, title
from attnviz.figures.shown import Shown, shown
from attnviz.figures.standalone import command, framed, origin, picture, standalone, tag
from attnviz.tracing.head import HeadId
from attnviz.tracing.record import Trace
from attnviz.words import Language, say

Direction = Literal["horizontal", "vertical"]
Arrangement = Literal["stacked", "beside", "overlaid"]

FAINTEST = 1 / 255  # the smallest opacity that a screen shows


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of some heads, and the packet that draws them."""

    head: np.ndarray  # uint8, index into the heads that were asked for
    query: np.ndarray  # uint16, index into the places
    key: np.ndarray  # uint16
    weight: np.ndarray  # float32
    alt: str
    packet: bytes
    trace: Trace
    heads: tuple[HeadId, ...]
    language: Language
    can_be_said: bool  # whether a shell command says all that was chosen

    def to_html(self) -> str:
        """One HTML file that needs no network: hover, pin and Escape as in the app."""
        said = ", ".join(str(head) for head in self.heads)
        again = ""
        if self.can_be_said:
            again = say("file.again", self.language, command=command(self.trace, self.heads))
        body = [
            tag("h1", title(self.trace, said)),
            origin(self.trace, self.language),
            picture("lines", self.packet, self.alt),
            tag("p", again, "again"),
        ]
        return standalone(title(self.trace, said), body, self.language)

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return framed(self.to_html(), self.alt)


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
        ValueError: if there are no heads, or more than there are colour codes.
    """
    if not heads:
        raise ValueError("lines need at least one head")
    maps = shown(trace, heads, lens, combination)
    arrays = _arrays(maps)
    alt = say(
        "lines.alt",
        language,
        model=trace.model.title,
        heads="; ".join(f"{m.name(language)}: {m.says(language)}" for m in maps),
    )
    places = maps[0].view.places
    meta = {
        "alt": alt,
        "direction": direction,
        "pins": list(pins),
        "panels": _panels(maps, arrangement),
        "heads": [_head(m, language) for m in maps],
        "labels": [place.text for place in places],
        "names": [place.name for place in places],
        "words": {
            name: say(f"lines.{name}", language)
            for name in ("queries", "keys", "help", "focus_query", "focus_key", "no_lines")
        },
    }
    ids = tuple(HeadId(*head) for head in heads)
    packet = pack(meta, arrays)
    plain = (combination, direction, arrangement, lens or Lens())
    can_be_said = plain == (None, "horizontal", "stacked", Lens())
    return Lines(
        **arrays,
        alt=alt,
        packet=packet,
        trace=trace,
        heads=ids,
        language=language,
        can_be_said=can_be_said,
    )


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
        rows, columns = np.nonzero(view.shown & (view.weights >= FAINTEST))
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


def _head(one: Shown, language: Language) -> dict[str, Any]:
    view = one.view
    faint = view.shown & (view.weights < FAINTEST)
    notes = one.notes(language)
    if faint.any():
        share = float(np.where(faint, view.weights, 0).sum(axis=1).mean())
        notes.append(
            say("lines.faint", language, lines=f"{int(faint.sum()):,}", share=percent(share))
        )
    return {
        "name": one.name(language),
        "title": title(one.trace, one.name(language)),
        "says": one.says(language),
        "formula": one.formula(language),
        "notes": notes,
        "light": one.code.light,
        "dark": one.code.dark,
        "dash": one.code.dash,
    }
