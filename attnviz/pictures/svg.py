"""Print: pictures as SVG, without a browser.

Cells of one level, and lines of one head and step of opacity, are one path: the file stays
small, every number in it can be read back, and it stays sharp at any size.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from jaxtyping import Bool, Integer, UInt8

from attnviz.core.characters import visible
from attnviz.core.sheet import Sheet
from attnviz.core.trace import Trace
from attnviz.pictures import style
from attnviz.pictures.breaking import SEPARATOR, pieces, units
from attnviz.pictures.hatch import runs
from attnviz.pictures.paper import MM, WIDTH, Length, Paper, paper_of
from attnviz.pictures.provenance import provenance, provenance_note, sentences
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.widths import room_of, room_of_code
from attnviz.texts import Language, say

Room = Callable[[str], float]  # what a text takes, in its letters' size
_CODE = ' font-family="ui-monospace, Menlo, Consolas, monospace" xml:space="preserve"'
_EDGE, _BETWEEN = 6.0, 8.0  # above the first block, and below each


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a sheet: SVG elements, and how much room they take."""

    elements: str
    width: Length
    height: Length


def document(
    trace: Trace | None,
    blocks: Sequence[Block],
    recipe: Recipe | None,
    language: Language,
    alt: str,
    sheet: Sheet | None = None,
) -> str:
    """A whole SVG file: the blocks, then where they are from and how they are made again."""
    paper = paper_of(sheet)
    recipe = None if recipe is None else recipe.in_language(language)
    width = paper.width if paper.is_exact else max([WIDTH, *(block.width for block in blocks)])
    if paper.has_words:
        blocks = [*blocks, _origin(trace, recipe, width, language, paper)]
    blocks = [block for block in blocks if block.height]
    parts, y = [], _EDGE if paper.is_exact else 12.0
    for block in blocks:
        parts.append(f'<g transform="translate(0 {y:g})">{block.elements}</g>')
        y += block.height + (_BETWEEN if paper.is_exact else 14)
    recipe_text = {} if recipe is None else {"again": recipe.text}
    on = {} if sheet is None else {"sheet": sheet.text}
    about = json.dumps({**provenance(trace), **on, **recipe_text})  # ASCII only
    title = "" if trace is None else f"<title>{safe(trace.model.called(language))}</title>"
    ground = paper.ground
    behind = "" if ground is None else f'<rect width="100%" height="100%" fill="{ground}"/>'
    shade = "" if ground is None else f'style="background:{ground}" '
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * MM:g}mm" '
        f'height="{y * MM:g}mm" viewBox="0 0 {width:g} {y:g}" role="img" '
        f"{shade}font-family={quoteattr(style.SANS)} "
        f'font-size="{paper.letters:g}" fill="{paper.ink}">'
        f"{title}<desc>{safe(alt)}</desc><metadata>{escape(about)}</metadata>"
        f"{behind}{''.join(parts)}</svg>\n"
    )


def below_each_other(blocks: Sequence[Block], between: Length) -> Block:
    """Blocks as one, each below the last."""
    parts, y = [], 0.0
    for block in blocks:
        parts.append(f'<g transform="translate(0 {y:g})">{block.elements}</g>')
        y += block.height + between
    return Block("".join(parts), max(block.width for block in blocks), y - between)


def beside_each_other(blocks: Sequence[Block], between: Length) -> Block:
    """Blocks as one, each to the right of the last."""
    parts, x = [], 0.0
    for block in blocks:
        parts.append(f'<g transform="translate({x:g} 0)">{block.elements}</g>')
        x += block.width + between
    return Block("".join(parts), x - between, max(block.height for block in blocks))


def on_one_level(
    panels: Sequence[tuple[Sequence[Block], Sequence[Block]]], below: Length, between: Length
) -> Block:
    """Panels beside each other, each of two parts, the second ones beginning at one height."""
    above = [below_each_other(first, below) for first, _ in panels]
    high = max(one.height for one in above)
    level = [
        [replace(one, height=high), *rest] for one, (_, rest) in zip(above, panels, strict=True)
    ]
    return beside_each_other([below_each_other(one, below) for one in level], between)


def words(
    title: str,
    lines: Iterable[str],
    colour: str,
    paper: Paper,
    dash: str | None = None,
    name: str = "",
    counts: Iterable[str] = (),
) -> Block:
    """A title in its colour, with small print below it.

    On a figure alone a head's `name`, and in one line the `counts` of what is not drawn.
    Heads that are drawn as lines have a sample of their `dash` before it.
    """
    size = paper.letters if paper.is_exact else 13.0
    step = 1.3 * paper.letters
    x, swatch = 8.0, ""
    if dash:
        x = 42
        swatch = (
            f'<line x1="8" x2="36" y1="7" y2="7" stroke="{colour}" stroke-width="3" '
            f'stroke-dasharray="{dash}"/>'
        )
    title, small = (title, lines) if paper.has_words else (name, [" · ".join(counts)])
    titles = wrapped(title, paper.width - x, size) if paper.is_exact else [title]
    if paper.is_exact and not titles:
        return small_print(*small, paper=paper)
    heading = "".join(
        f'<text x="{x:g}" y="{11 + row * step:g}" font-size="{size:g}" font-weight="600" '
        f'fill="{colour}">{safe(line)}</text>'
        for row, line in enumerate(titles)
    )
    top = 26 + step * (len(titles) - 1)
    below, high = _small_lines(small, top, paper)
    return Block(f"{swatch}{heading}{below}", paper.width, top - 10 + high)


def small_print(*said: str, paper: Paper) -> Block:
    """Lines of small print that belong to a figure whatever else is printed."""
    rows, high = _small_lines(said, paper.letters, paper)
    return Block(rows, paper.width, high + 2 if high else 0)


def _small_lines(said: Iterable[str], top: Length, paper: Paper) -> tuple[str, Length]:
    """Small print from its first line on, each text in lines of its own, and how high it is."""
    lines = [line for sentence in said for line in listed(sentence, paper.width, paper.letters)]
    return _rows(lines, top, paper, paper.letters)


def _rows(
    lines: Sequence[str], top: Length, paper: Paper, size: Length, font: str = ""
) -> tuple[str, Length]:
    step = 1.3 * paper.letters
    rows = [
        text(8, top + step * row, line, size, ink=paper.faint, font=font)
        for row, line in enumerate(lines)
    ]
    return "".join(rows), step * len(lines)


def wrapped(
    text: str, width: Length = WIDTH, size: float = 10.0, room: Room = room_of
) -> list[str]:
    """Text in lines that fit."""
    most = (width - 16) / size
    lines = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for word in _words(paragraph, most, room):
            wide = room(word)
            if line and used + wide > most:
                lines.append(line.rstrip())
                line, used = "", 0.0
            line, used = line + word, used + wide
        lines.append(line.rstrip())
    return [line for line in lines if line]


def listed(text: str, width: Length = WIDTH, size: float = 10.0) -> list[str]:
    """Text with · between its parts in lines that fit: · stands within a line, or is left out."""
    most = (width - 16) / size
    lines: list[str] = []
    for part in text.split(SEPARATOR):
        longer = f"{lines[-1]}{SEPARATOR}{part}" if lines else part
        if lines and room_of(longer) <= most:
            lines[-1] = longer
        else:
            lines += wrapped(part, width, size)
    return lines


def _words(text: str, most: float, room: Room) -> Iterable[str]:
    """What stays together, no longer than a line of `most`."""
    for unit in units(text):
        for piece in [unit] if room(unit) <= most else pieces(unit):
            yield from _cut(piece, most, room)


def _cut(word: str, most: float, room: Room) -> Iterable[str]:
    """A word in parts that are no longer than a line of `most`."""
    part = ""
    for character in word:
        if part and room(part + character) > most:
            yield part
            part = ""
        part += character
    yield part


def safe(text: str) -> str:
    """Text as SVG may hold it: escaped, and control characters by their names."""
    return escape(visible(text))


def squares(
    grid: dict[
        tuple[int, int], tuple[Integer[np.ndarray, "row column"], Bool[np.ndarray, "row column"]]
    ],
    ramp: UInt8[np.ndarray, "level rgb"],
    blank: int,
) -> list[str]:
    """One path a level, of unit squares; neighbours of a row that share it are one rectangle.

    Cells of the level `blank` are not drawn; −1 is none.
    """
    paths: dict[int, list[str]] = defaultdict(list)
    for (left, top), (levels, shown) in grid.items():
        for row, line in enumerate(levels):
            for start, end in _runs(line, shown[row] & (line != blank)):
                paths[int(line[start])].append(_strip(left + start, top + row, end - start))
    return [
        f'<path fill="{style.hex_of(ramp[level])}" d="{"".join(parts)}"/>'
        for level, parts in sorted(paths.items())
    ]


def _strip(x: int, y: int, wide: int) -> str:
    return f"M{x} {y}h{wide}v1H{x}z"


def hatch_name(step: Length, ink: str) -> str:
    """The pattern's name, which says what it looks like: a page may hold many files' patterns."""
    return f"not-allowed-{step:g}-{ink.removeprefix('#')}"


def hatch_pattern(step: Length, ink: str) -> str:
    """The hatch of cells that are `step` units wide, in cells."""
    gap = style.HATCH / step
    return (
        f'<defs><pattern id="{hatch_name(step, ink)}" width="{gap:.4g}" height="{gap:.4g}" '
        f'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<path d="M0 0V{gap:.4g}" stroke="{ink}" stroke-width="{1 / step:.3g}"/>'
        "</pattern></defs>"
    )


def hatched(
    grid: dict[tuple[int, int], Bool[np.ndarray, "row column"]], step: Length, ink: str
) -> list[str]:
    """What is not allowed: paper with a fine hatch, as one path."""
    strips = [
        _strip(left + start, top + row, end - start)
        for (left, top), denied in grid.items()
        for row, line in enumerate(denied)
        for start, end in runs(line)
    ]
    drawn = "".join(strips)
    if not drawn:
        return []
    filled = f'<path class="denied" fill="url(#{hatch_name(step, ink)})" d="{drawn}"/>'
    return [hatch_pattern(step, ink), filled]


def _runs(line: np.ndarray, shown: np.ndarray) -> Iterable[tuple[int, int]]:
    """Where neighbours of one level begin and end, those that are not shown left out."""
    keys = np.where(shown, line.astype(int), -1)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
        if keys[start] >= 0:
            yield int(start), int(end)


def text(
    x: Length,
    y: Length,
    said: str,
    size: Length,
    *,
    ink: str,
    anchor: str = "start",
    turned: bool = False,
    font: str = "",
) -> str:
    """A line of text, level or turned to run upwards."""
    place = f'x="{x:g}" y="{y:g}"'
    if turned:
        place = f'transform="translate({x:g} {y:g}) rotate(-90)"'
    return (
        f'<text {place} font-size="{size:g}" fill="{ink}" text-anchor="{anchor}"{font}>'
        f"{safe(said)}</text>"
    )


def legend(ramp: UInt8[np.ndarray, "level rgb"], y: Length, paper: Paper, *, signed: bool) -> Block:
    """Ink of a few values, with their sign, in as many rows as they need."""
    size = paper.letters
    parts = []
    ticks = style.TICKS["signed" if signed else "share"]
    levels = style.map_levels(np.array(ticks), signed=signed)
    wide = 28 + 3 * size  # of one value
    across = max(1, int((paper.width - 8) / wide))
    for index, (value, level) in enumerate(zip(ticks, levels.tolist(), strict=True)):
        row, column = divmod(index, across)
        ink, x, top = style.hex_of(ramp[level]), 8 + wide * column, y + 1.4 * size * row
        parts.append(f'<rect x="{x:g}" y="{top:g}" width="18" height="{size:g}" fill="{ink}"/>')
        plus = "+" if signed and value > 0 else ""
        number = plus + f"{value:g}".replace("-", "−")
        parts.append(text(x + 22, top + 0.9 * size, number, size, ink=paper.ink))
    rows = -(-len(ticks) // across)
    return Block(f'<g class="legend">{"".join(parts)}</g>', paper.width, 1.4 * size * rows + 2)


def _origin(
    trace: Trace | None, recipe: Recipe | None, width: Length, language: Language, paper: Paper
) -> Block:
    """Sentence, model with revision, versions, and the lines of Python that make it again."""
    first, small = 1.2 * paper.letters, paper.letters if paper.is_exact else 8.5
    lines, code = [*sentences(trace), provenance_note(trace, language)], []
    if recipe is not None:
        lines.append(say("file.again", language, command=""))
        code = wrapped(recipe.text, width, small, room_of_code)
    above, high = _small_lines(lines, first, replace(paper, width=width))
    below, higher = _rows(code, first + high, paper, small, _CODE)
    return Block(above + below, width, high + higher + 4)
