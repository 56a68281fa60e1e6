"""What is kept between reruns and shared by all sessions: immutable, bounded, keyed by values.

Keys hold everything that an answer depends on, and never arrays. Of a picture only what the
page sends is kept, and not the trace behind it.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from attnviz.analysis.combine import Combination
from attnviz.analysis.contrast import Contrast, Reason, contrast
from attnviz.analysis.difference import most_different
from attnviz.analysis.find import Found, find
from attnviz.analysis.frame import Table
from attnviz.analysis.lens import Lens, MapKind
from attnviz.analysis.measure import measure
from attnviz.analysis.measures import measures
from attnviz.core.card import ModelCard
from attnviz.core.heads import HeadId, Kind
from attnviz.core.methods import Picture
from attnviz.core.one_kind import of_kind
from attnviz.core.partial import partial
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.lessons import note_example, note_pair
from attnviz.models.catalogue import EMBEDDED
from attnviz.models.progress import Progress
from attnviz.pictures import heatmap as heatmap_figure
from attnviz.pictures.arguments import can_be_pinned
from attnviz.pictures.chart import Chart
from attnviz.pictures.differences import divergence_words
from attnviz.pictures.explorer import Explorer
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.lines import Arrangement, Direction
from attnviz.pictures.lines import draw as draw_lines
from attnviz.pictures.overview import Overview
from attnviz.pictures.overview.tiles import Tiles, tiles_of
from attnviz.pictures.shown import Shown, shown
from attnviz.pictures.style import Mode
from attnviz.runtime.cache import Cache
from attnviz.texts import Language, running
from attnviz.ui.server import lifespan
from attnviz.ui.server.log import note

AnyModel = Any  # a loaded `Model`, whose type is torch's; None: that of the key
LIGHT_CHARACTERS = 500  # of a text; its trace takes a tenth of a second


class TraceKey(NamedTuple):
    """What a trace is a pure function of."""

    model: str
    revision: str
    text: str
    pair: str | None
    target: str | None = None  # typed, of an encoder–decoder
    kind: Kind | None = None  # of the attention that is looked at, where there are several

    @classmethod
    def of(
        cls,
        model: ModelCard,
        text: str,
        pair: str | None = None,
        target: str | None = None,
        kind: Kind | None = None,
    ) -> "TraceKey":
        """The key of a text, and of the second one if any, through a model.

        Models that write no text of their own have no use for the last two.
        """
        typed = target if target and target.strip() else None
        of_two = (typed, kind) if model.has_target else (None, None)
        return cls(model.name, model.revision, text, pair, *of_two)

    @property
    def whole(self) -> "TraceKey":
        """The key of the trace with all kinds of attention."""
        return self._replace(kind=None)

    @property
    def whose_heads(self) -> str:
        """The name of what heads are chosen of: a model, or one of its kinds of attention."""
        return f"{self.model} {self.revision} {self.kind or ''}".rstrip()

    @property
    def is_note(self) -> bool:
        """Whether it is the note's sentence in the model that draws the note's figure of it."""
        return (self.model, self.text, self.pair) == (EMBEDDED, note_example.SENTENCE, None)


class LinesKey(NamedTuple):
    """What is chosen for the line diagram."""

    heads: tuple[HeadId, ...]
    combination: Combination | None
    direction: Direction
    arrangement: Arrangement
    pins: tuple[str, ...]


_whole: Cache[Trace] = Cache()
_traces: Cache[Trace] = Cache()
_tiles: Cache[Tiles] = Cache()
_different: Cache[tuple[HeadId, HeadId, float]] = Cache()
_opening_pairs: Cache[Contrast] = Cache()
_lines: Cache[bytes] = Cache()
_packets: Cache[bytes] = Cache()  # of other pictures
_prints: Cache[str] = Cache()
_heatmaps: Cache[tuple[Chart, str]] = Cache()
_measured: Cache[np.ndarray] = Cache()
_found: Cache[tuple[Found, ...]] = Cache()
_of_kinds: WeakKeyDictionary[Trace, dict[Kind, Trace]] = WeakKeyDictionary()
_given: WeakValueDictionary[str, Trace] = WeakValueDictionary()  # no model runs again for them
_of_traces: tuple[Cache[Any], ...] = (  # by the key of a trace, or by one and more
    _tiles,
    _different,
    _opening_pairs,
    _lines,
    _packets,
    _prints,
    _heatmaps,
    _measured,
    _found,
)
_shipped: Cache[ModelCard] = Cache(is_pinned=True)  # of models that are not loaded yet, by name
panels: Cache[bytes] = Cache()  # of lessons: the packets


def is_light(key: TraceKey) -> bool:
    """Whether a trace of this text takes a fraction of a second."""
    return len(key.text) + len(key.pair or "") + len(key.target or "") <= LIGHT_CHARACTERS


def traced(key: TraceKey, model: AnyModel = None, progress: Progress | None = None) -> Trace:
    """The trace of a text: what weights need of it, and the rest when it is asked for."""
    if (given := _given.get(key.model)) is not None:
        return given

    def run() -> Trace:
        return _partial(key.whole, model, progress)

    return _seen(key, _traces.get(key.whole, run, is_light=is_light(key)))


def _partial(key: TraceKey, model: AnyModel, progress: Progress | None = None) -> Trace:
    return partial(_run(key, model, progress), lambda: fully_traced(key, model))


def fully_traced(key: TraceKey, model: AnyModel = None) -> Trace:
    """The whole trace of a text, which is much larger."""
    every = key.whole
    return _seen(key, _whole.get(every, lambda: _run(every, model), is_light=is_light(key)))


def _seen(key: TraceKey, every: Trace) -> Trace:
    """What is looked at of a trace: each time the same, as what is computed of it is kept."""
    if key.kind is None:
        return every
    known = _of_kinds.setdefault(every, {})
    return known.get(key.kind) or known.setdefault(key.kind, of_kind(every, key.kind))


def _run(key: TraceKey, model: AnyModel, progress: Progress | None = None) -> Trace:
    if not lifespan.is_started() and progress is not None:
        progress(0.0, "start")
    lifespan.start()
    from attnviz.capture.run import trace  # and torch, which `start` has imported

    started = time.perf_counter()
    through = key.model if model is None else model
    found = trace(key.text, through, key.pair, target=key.target, progress=progress)
    milliseconds = 1000 * (time.perf_counter() - started)
    note("trace", model=found.model.title, tokens=len(found.tokens), ms=milliseconds)
    return found


def hold_given(key: TraceKey, trace: Trace) -> None:
    """Know the trace of a file's weights by its key, as long as a session holds it."""
    _given[key.model] = trace


def keep_trace(key: TraceKey, trace: Trace) -> None:
    """Keep a trace that was not run here: that of the opening, which comes with the package."""
    _traces.put(key.whole, trace)
    _shipped.put(key.model, trace.model)


def shipped_card(model: str) -> ModelCard | None:
    """What a model is, as long as only its trace that comes with the package is here."""
    return _shipped.peek(model)


def take_over(key: TraceKey) -> None:
    """Put a trace of the model itself in the place of the one that comes with the package.

    What was drawn of that one is let go of, too.
    """
    live = _partial(key.whole, None)
    forget_shipped(key)
    _traces.put(key.whole, live)


def forget_shipped(key: TraceKey) -> None:
    """Let go of the trace that comes with the package, and of all that is known of it."""
    _shipped.drop(key.model)
    _traces.drop(key.whole)
    for cache in _of_traces:
        for known in cache:
            if _is_of(known, key):
                cache.drop(known)


def _is_of(known: Any, key: TraceKey) -> bool:
    return key in (known, known[0])


def all_known(key: TraceKey) -> Trace | None:
    """The trace of a text, if everything that a page first draws of it is kept."""
    known = [_tiles.peek((key, "raw")), _opening_pairs.peek(key), every := _traces.peek(key.whole)]
    return None if every is None or any(one is None for one in known) else _seen(key, every)


def overview_of(
    key: TraceKey, trace: Trace, progress: Progress | None = None, kind: MapKind = "raw"
) -> Overview:
    """All heads as tiles, or all layers.

    Raises:
        ArgumentError: if the text is too long for a flow.
        CaptureError: if the trace does not hold what these maps are computed from.
    """
    light = is_light(key) and kind != "flow"
    tiles = _tiles.get((key, kind), lambda: tiles_of(trace, kind, progress), is_light=light)
    return Overview(trace, tiles, map=kind)


def knows_overview(key: TraceKey, kind: MapKind) -> bool:
    """Whether it need not be computed."""
    return _tiles.peek((key, kind)) is not None


def most_different_of(key: TraceKey, trace: Trace) -> tuple[HeadId, HeadId, float]:
    """The two most different heads, and how different they are."""
    return _different.get(key, lambda: most_different(trace), is_light=is_light(key))


def opening_pair_of(key: TraceKey, trace: Trace, progress: Progress | None = None) -> Contrast:
    """The two heads with which a page opens, and why these: the note's, or two that differ."""

    def work() -> Contrast:
        if key.is_note:
            a, b = note_pair.upper_head(trace), note_pair.lower_head(trace)
            upper, lower = (Reason(head, "", float("nan"), 0) for head in (a, b))
            apart = note_pair.divergence_between_words(trace, a, b)
            return Contrast(upper, lower, apart, in_kind=False)
        return contrast(trace, progress=progress)

    return _opening_pairs.get(key, work, is_light=is_light(key))


def measured(key: TraceKey, trace: Trace, progress: Progress | None = None) -> Table:
    """All measures of all heads, and the tokens that each rests on."""
    import pandas as pd

    def work() -> np.ndarray:
        return measure(trace, tokens=True, progress=progress)[measured_columns()].to_numpy(float)

    return pd.DataFrame(
        _measured.get(key, work, is_light=is_light(key)), columns=measured_columns()
    )


def measured_columns() -> list[str]:
    """The columns of `measured`."""
    names = [one.name for one in measures()]
    return [*names, *(f"{name}_tokens" for name in names)]


def found_of(key: TraceKey, what: str | int, trace: Trace) -> tuple[Found, ...]:
    """All heads, those first that look most at one thing."""
    return _found.get((key, what), lambda: find(trace, what), is_light=is_light(key))


def heatmap_of(
    key: TraceKey, one: Shown, mode: Mode, language: Language, *, captioned: bool = False
) -> tuple[Chart, str]:
    """The heatmap of what is shown of a trace, and its caption.

    Where it is `captioned`, the page says the formula and what the head does.
    """

    def draw() -> tuple[Chart, str]:
        drawn = heatmap_figure.draw(one, mode=mode, language=language, captioned=captioned)
        apart = divergence_words(one, language) if one.map.is_signed else []
        notes = [*apart, *one.notes(language)] if captioned else [one.says(language)]
        return Chart(drawn.figure, drawn.alt), running(notes)

    what = (one.heads, one.combination, one.lens, one.code)
    return _heatmaps.get((key, what, mode, language, captioned), draw, is_light=True)


def lines_of(
    key: TraceKey,
    chosen: LinesKey,
    lens: Lens,
    language: Language,
    trace: Trace,
    *,
    captioned: bool = False,
) -> bytes:
    """The packet of the line diagram of some heads; `captioned` by the page or by itself."""

    def draw() -> bytes:
        maps = shown(trace, chosen.heads, lens, chosen.combination)
        pins = [pin for pin in chosen.pins if can_be_pinned(pin, trace)]
        how = (chosen.direction, chosen.arrangement)
        return draw_lines(maps, *how, pins, language, captioned=captioned).packet

    return _lines.get((key, chosen, lens, language, captioned), draw, is_light=True)


def packet_of(
    key: TraceKey, kind: PictureKind, one: Shown, language: Language, *, captioned: bool = False
) -> bytes:
    """The packet of a picture of one map; `captioned`, the page says what it would repeat.

    Raises:
        ArgumentError: if there is no room for it.
    """

    def draw() -> bytes:
        make: Any = kind.captioned if captioned else kind.draw
        return bytes(make(one, language).packet)

    what = (kind.name, captioned, one.heads, one.combination, one.lens, one.code)
    return _packets.get((key, what, language), draw, is_light=True)


def print_of(
    key: TraceKey, what: str, seen: Explorer, sheet: Sheet, make: Callable[[], Picture]
) -> str:
    """The SVG, on a sheet, of the picture `what` that `make` makes of what is seen of a trace."""
    view = (seen.heads, seen.combination, seen.lens, seen.direction, seen.arrangement, seen.pins)
    whole = (key, what, view, sheet, seen.language)
    return _prints.get(whole, lambda: make().to_svg(sheet=sheet))
