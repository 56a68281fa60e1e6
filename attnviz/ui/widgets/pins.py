"""Pins: the tokens that a person has fixed in the line diagram, on every page and in every lens.

The browser counts pins by what it shows, which words and hidden special tokens change. What is
kept is the position of the token in the sentence, so a pin outlives every lens.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attnviz.analysis.lens import Lens, places_shown
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.pictures.overview import framed_tiles
from attnviz.share.state import ViewState
from attnviz.ui import state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import figures
from attnviz.ui.state import NONE_YET, SessionValue

Pins = tuple[str, ...]
# of the tokens behind each place that is shown, of queries ("q") and of keys ("k")
Positions = Mapping[str, Sequence[tuple[int, ...]]]

_KEPT: SessionValue[Mapping[int, Pins]] = SessionValue("pins_kept", NONE_YET)  # by sentence
_BEGUN: SessionValue[tuple[tuple[Any, ...], Pins]] = SessionValue("pins_begun", ((), ()))


def starting(key: TraceKey, trace: Trace, lens: Lens) -> Pins:
    """The pins with which the lines begin: the same until they begin anew.

    Lines begin anew with another sentence or lens, and when the page is come to again.
    """
    positions = positions_of(trace, lens)
    sentence = hash(key)
    if not _KEPT.is_there:  # at first, those of the link
        _KEPT.put({sentence: _kept(state.read(ViewState).pins, positions)})
    beginning: tuple[Any, ...] = (sentence, lens.unit, lens.hide_special, lens.span, state.visits())
    begun, pins = _BEGUN.get()
    if begun != beginning:
        pins = _shown(_KEPT.get().get(sentence, ()), positions)
        _BEGUN.put((beginning, pins))
        state.change(ViewState, pins=pins)
    return pins


def share_selection(key: TraceKey, trace: Trace, lens: Lens, heads: Sequence[HeadId]) -> None:
    """Let the page's pictures share what is pinned and pointed at, from the `starting` pins.

    The overview frames the tiles of `heads`: A, B and more.
    """
    positions = positions_of(trace, lens)  # the callback outlives the run: no trace in it
    beginning, begun = _BEGUN.get()
    figures.keep_selection(
        repr(beginning),
        _kept(begun, positions),
        positions,
        framed_tiles(trace, lens.map, heads),
        on_pins=lambda: take(key, positions, figures.pinned()),
    )


def take(key: TraceKey, positions: Positions, pinned: Pins) -> None:
    """Keep what is pinned now, and what is pinned but hidden."""
    kept = dict(_KEPT.get())
    seen = {(side, at) for side, places in positions.items() for place in places for at in place}
    hidden = [pin for pin in kept.pop(hash(key), ()) if (pin[0], int(pin[1:])) not in seen]
    if pins := (*_kept(pinned, positions), *hidden):
        kept[hash(key)] = pins
    _KEPT.put(kept)
    state.change(ViewState, pins=pinned)


def forget() -> None:
    """Forget all pins but those of the state."""
    _KEPT.forget()
    _BEGUN.forget()


def positions_of(trace: Trace, lens: Lens) -> Positions:
    """The tokens behind each place that a lens shows."""
    queries, keys = trace.query_tokens(), trace.key_tokens()
    rows, columns = places_shown(queries, keys, lens)
    of_queries = [place.positions for place in rows]
    if keys is queries:
        return {"q": of_queries, "k": of_queries}
    return {"q": of_queries, "k": [place.positions for place in columns]}


def _kept(pinned: Sequence[str], positions: Positions) -> Pins:
    """Pins of places as pins of tokens; those of no place are dropped."""
    places = [(pin[0], int(pin[1:])) for pin in pinned]
    return tuple(f"{s}{positions[s][n][0]}" for s, n in places if n < len(positions[s]))


def _shown(kept: Sequence[str], positions: Positions) -> Pins:
    """Pins of tokens as pins of the places that show them."""
    place_of = {
        (side, at): n
        for side, places in positions.items()
        for n, place in enumerate(places)
        for at in place
    }
    shown = [(pin[0], place_of.get((pin[0], int(pin[1:])))) for pin in kept]
    return tuple(dict.fromkeys(f"{side}{n}" for side, n in shown if n is not None))
