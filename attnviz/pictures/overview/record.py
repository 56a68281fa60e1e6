"""The tiles of an overview."""

from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8


class Tiles(NamedTuple):
    """A tile a head: levels (`style.map_levels`), and where each row and column begins.

    Cell i of a side covers the tokens from edge i to edge i + 1 − 1.
    """

    levels: UInt8[np.ndarray, "layer head row column"]
    row_edges: tuple[int, ...]
    column_edges: tuple[int, ...]
    # 1 where no pair of a cell is allowed; one tile for all heads where they agree
    denied: UInt8[np.ndarray, "#layer #head row column"] | None = None
