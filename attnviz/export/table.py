"""Tables: CSV that `pandas.read_csv` and spreadsheets open as it is, with facts in a column.

The last column, `facts`, holds JSON in the first row, and goes on in the next ones where it is
longer than a spreadsheet's cell: `json.loads("".join(table["facts"]))`. The rows below hold a
space, because a column with nothing in it is one of numbers to pandas.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, zip_longest

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

    How many cells were changed for that stands in the last column too. Rows are written as they
    come: as objects, all at once, they take ten times their text.
    """
    changed = 0

    def safe(row: Sequence[object]) -> list[object]:
        nonlocal changed
        line = [text_cell(cell) for cell in row]
        changed += sum(kept is not cell for cell, kept in zip(row, line, strict=True))
        return line

    lines = map(safe, rows)
    # The provenance stands beside the first rows, and is whole when the last row is known.
    first = list(islice(lines, 2 + 2 * len(json.dumps(provenance)) // LONGEST_CELL))
    head, rest = io.StringIO(), io.StringIO()
    csv.writer(rest).writerows([*line, " "] for line in lines)
    if changed:
        provenance = {**provenance, "apostrophes": say("file.apostrophes", language, cells=changed)}
    notes = _cells(json.dumps(provenance, ensure_ascii=False), len(first))
    writer = csv.writer(head)
    writer.writerow([*columns, FACTS])
    writer.writerows([*line, cell] for line, cell in zip_longest(first, notes, fillvalue=" "))
    return head.getvalue() + rest.getvalue()


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
