"""Stored: the values of maps as a file holds them, in steps of 1/65,534 and less than one off.

Which lines are too faint to draw is decided before that.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped, UInt16

from attnviz.pictures.lines import FAINTEST
from attnviz.pictures.overview.tiles import shared
from attnviz.pictures.shown import Shown

STEPS = 65_534  # of a weight; one value more says that it is hidden
HIDDEN = STEPS + 1
BINS = 20_000
SLACK = 1.01 / STEPS  # what a stored weight may be off, with the rounding of float32
FIRST_DRAWN = int(np.ceil(STEPS * FAINTEST))  # the least number of steps that is drawn as a line


def quantised(maps: Sequence[Shown]) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Every value in steps, as two bytes; which are below 0, and which are not allowed."""
    steps = np.stack([steps_of(view) for view in maps])
    high, low = np.divmod(steps, 256)
    arrays = {"high": high.astype(np.uint8), "low": low.astype(np.uint8)}
    if any(view.map.is_signed for view in maps):
        arrays["below"] = np.stack([view.map.values < 0 for view in maps]).astype(np.uint8)
    denied = shared([np.stack([view.map.denied]) for view in maps])
    return arrays if denied is None else {**arrays, "denied": denied[:, 0]}


def steps_of(view: Shown) -> UInt16[np.ndarray, "row column"]:
    """The sizes of a map's values in steps; HIDDEN where they are not shown.

    Each is less than one step off, and to 2, 3 or 4 decimals it is still the weight: both lie
    between the same multiples of 1 / BINS, among which are all halves of such digits. A weight
    that is drawn as a line keeps at least as many steps as the faintest line has, and one that
    is not keeps fewer.
    """
    size = np.abs(view.map.values)
    weights = np.clip(size, 0, 1).astype(np.float64)
    below = np.floor(weights * BINS)
    first, last = (np.ceil((below + more) * (STEPS / BINS)) - more for more in (0, 1))
    steps = np.minimum(np.clip(np.rint(weights * STEPS), first, last), STEPS)
    drawn = size >= FAINTEST
    steps = np.where(drawn, np.maximum(steps, FIRST_DRAWN), np.minimum(steps, FIRST_DRAWN - 1))
    return np.where(view.map.shown, steps, HIDDEN).astype(np.uint16)
