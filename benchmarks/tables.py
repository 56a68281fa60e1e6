"""Tables in Markdown."""

from collections.abc import Mapping, Sequence

Columns = Mapping[str, tuple[str, str]]  # what is measured → its title, and how it is written


def titled(
    about: Sequence[str], columns: Columns, rows: Sequence[Mapping[str, float | str]]
) -> str:
    """A table below the lines that say how it was made."""
    return "\n".join([*about, "", table(columns, rows)])


def table(columns: Columns, rows: Sequence[Mapping[str, float | str]]) -> str:
    """What was measured, a line a row."""
    header = [title for title, _ in columns.values()]
    body = [[form.format(row[name]) for name, (_, form) in columns.items()] for row in rows]
    lines = [header, ["---:"] * len(header), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
