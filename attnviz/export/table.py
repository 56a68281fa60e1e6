"""Tables: CSV that `pandas.read_csv` and spreadsheets open as it is, with facts in a column.

The last column, `facts`, holds JSON in the first row, and goes on in the next ones where it is
longer than a spreadsheet's cell: `json.loads("".join(table["facts"]))`. The rows below hold a
space, because a column with nothing in it is one of numbers to pandas.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from attnviz.texts import Language, say

FACTS = "facts"
LONGEST_CELL = 30_000  # characters; a spreadsheet's cell holds 32,767
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
_TAKEN_FOR_NOTHING = {"", "#n/a", "#n/a n/a", "#na", "<na>", "n/a", "na", "null", "nan", "none"}
_TAKEN_FOR_NUMBERS = {"true", "false", "1.#ind", "1.#qnan"}


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    provenance: Mapping[str, object],
    language: Language,
) -> str:
    """Rows below their names, with their provenance. Text stays text (see `text_cell`).

    How many cells were changed for that stands in the last column too.
    """
    written = list(rows)
    safe = [[text_cell(cell) for cell in row] for row in written]
    changed = sum(
        safe_cell is not cell
        for row, line in zip(written, safe, strict=True)
        for cell, safe_cell in zip(row, line, strict=True)
    )
    if changed:
        provenance = {**provenance, "apostrophes": say("file.apostrophes", language, cells=changed)}
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([*columns, FACTS])
    notes = _cells(json.dumps(provenance, ensure_ascii=False), len(safe))
    writer.writerows([*line, cell] for line, cell in zip_longest(safe, notes, fillvalue=" "))
    return file.getvalue()


def text_cell(cell: object) -> object:
    """Text that would be run as a formula, or taken for a number or nothing: behind an apostrophe.

    So is text that begins with one, so that taking one away always gives the text back.
    """
    if not isinstance(cell, str):
        return cell
    low = cell.strip().lower()
    changes = (
        cell.startswith(("'", *_RUN_BY_SPREADSHEETS))
        or low in _TAKEN_FOR_NOTHING | _TAKEN_FOR_NUMBERS
        or _is_number(low)
    )
    return f"'{cell}" if changes else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cells(text: str, most: int) -> list[str]:
    """A long text in as many cells as it needs, none of which begins like a formula."""
    cells: list[str] = []
    start = 0
    while len(text) - start > LONGEST_CELL and len(cells) < most - 1:
        end = start + LONGEST_CELL
        while text[end] in _RUN_BY_SPREADSHEETS and end > start + 1:
            end -= 1
        cells.append(text[start:end])
        start = end
    return [*cells, text[start:]]
