"""The numbers of a map as a table: a row a query, a column a key, 4 decimals.

Of a long text only the row of one query is in the packet, and stands as a column.
"""

from attnviz.pictures.heatmap.words import map_texts
from attnviz.pictures.map_picture import map_arrays
from attnviz.pictures.packet import pack
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown, side
from attnviz.texts import Language, say

SCRIPT = Script("numbers")
MOST_PLACES = 40  # rows or columns for which the whole table can be read


def is_whole(view: Shown) -> bool:
    """Whether the table has all rows, and not that of one query alone."""
    return all(places <= MOST_PLACES for places in view.map.values.shape)


def numbers(view: Shown, language: Language, query: int = 0) -> bytes:
    """The packet of the table of what is shown; of a long text, of this row alone."""
    attention = view.map
    part = slice(None) if is_whole(view) else slice(query, query + 1)
    arrays = {
        name: array[part]
        for name, array in map_arrays(view).items()
        if name in ("weights", "denied")
    }
    meta = {
        "alt": f"{say('page.table', language)}: {view.name(language)}",
        "query": None if is_whole(view) else query,
        "rows": side(attention.rows),
        "columns": side(attention.columns),
        "words": map_texts(attention, language),
    }
    return pack(meta, arrays)
