"""Print: heatmap, lines and overview as SVG of 180 mm width or more, without a browser.

Cells of one level, and lines of one head and step of opacity, are one path: the file stays
small, every number in it can be read back, and it stays sharp at any size.
"""

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from jaxtyping import Bool

from attnviz.core.characters import visible
from attnviz.core.trace import Trace
from attnviz.pictures import style
from attnviz.pictures.hatch import runs
from attnviz.pictures.provenance import provenance, provenance_note, sentences
from attnviz.pictures.recipe import Recipe
from attnviz.texts import Language, say

Length = int | float  # units

MM = 0.25  # of one unit
WIDTH = 720.0  # units: 180 mm
LEAST_STEP = 7.5  # units from one token to the next
LARGEST_STEP = 40.0
LABEL = 84.0  # units kept for a token's name
LONGEST_LABEL = 18  # characters
HATCH = "not-allowed"  # the name of the pattern


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
) -> str:
    """A whole SVG file: the blocks, then where they are from and how they are made again."""
    width = max([WIDTH, *(block.width for block in blocks)])
    blocks = [*blocks, _origin(trace, recipe, width, language)]
    parts, y = [], 12.0
    for block in blocks:
        parts.append(f'<g transform="translate(0 {y:g})">{block.elements}</g>')
        y += block.height + 14
    how = {} if recipe is None else {"again": recipe.text}
    about = json.dumps({**provenance(trace), **how})  # ASCII only
    title = "" if trace is None else f"<title>{safe(trace.model.called(language))}</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * MM:g}mm" '
        f'height="{y * MM:g}mm" viewBox="0 0 {width:g} {y:g}" role="img" '
        f'style="background:{style.PAPER["light"]}" font-family={quoteattr(style.SANS)} '
        f'font-size="10" fill="{style.INK["light"]}">'
        f"{title}<desc>{safe(alt)}</desc><metadata>{escape(about)}</metadata>"
        f'<rect width="100%" height="100%" fill="{style.PAPER["light"]}"/>'
        f"{''.join(parts)}</svg>\n"
    )


def words(
    title: str, lines: Iterable[str], colour: str, width: Length = WIDTH, dash: str = ""
) -> Block:
    """A title in its colour, with small print below it."""
    x, swatch = 8, ""
    if dash:
        x = 42
        swatch = (
            f'<line x1="8" x2="36" y1="7" y2="7" stroke="{colour}" stroke-width="3" '
            f'stroke-dasharray="{dash}"/>'
        )
    heading = f'<text x="{x}" y="11" font-size="13" font-weight="600" fill="{colour}">'
    small = [line for said in lines for line in wrapped(said, width)]
    rows = [
        text(8, 26 + 13 * row, line, ink=style.FAINT_INK["light"]) for row, line in enumerate(small)
    ]
    elements = f"{swatch}{heading}{safe(title)}</text>{''.join(rows)}"
    return Block(elements, width, 16 + 13 * len(small))


def wrapped(text: str, width: Length = WIDTH) -> list[str]:
    """Text in lines that fit; a Chinese sign counts as two letters."""
    most = int((width - 16) / 5.2)
    lines = []
    for paragraph in text.split("\n"):
        line, used = "", 0
        for word in _words(paragraph):
            wide = columns_of(word)
            if line and used + wide > most:
                lines.append(line.rstrip())
                line, used = "", 0
            line, used = line + word, used + wide
        lines.append(line.rstrip())
    return [line for line in lines if line]


def _words(text: str) -> Iterable[str]:
    """Words with the space after them, no longer than a line; wide signs alone."""
    word = ""
    for character in text:
        word += character
        if character == " " or _columns(character) == 2 or len(word) >= 60:
            yield word
            word = ""
    if word:
        yield word


def columns_of(text: str) -> int:
    """How wide a text is, in letters: a Chinese sign counts as two."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def step_of(count: int, room: Length) -> Length:
    """From one token to the next, where `count` of them share a room."""
    return max(LEAST_STEP, min(LARGEST_STEP, room / max(count, 1)))


def cut(text: str) -> str:
    """A token's name as there is room for it."""
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def safe(text: str) -> str:
    """Text as SVG may hold it: escaped, and control characters by their names."""
    return escape(visible(text))


def squares(
    grid: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]], ramp: np.ndarray, paper: int
) -> list[str]:
    """One path a level, of unit squares; neighbours of a row that share it are one rectangle."""
    paths: dict[int, list[str]] = defaultdict(list)
    for (left, top), (levels, shown) in grid.items():
        for row, line in enumerate(levels):
            for start, end in _runs(line, shown[row] & (line != paper)):
                paths[int(line[start])].append(_strip(left + start, top + row, end - start))
    return [
        f'<path fill="{_hex(ramp, level)}" d="{"".join(parts)}"/>'
        for level, parts in sorted(paths.items())
    ]


def _strip(x: int, y: int, wide: int) -> str:
    return f"M{x} {y}h{wide}v1H{x}z"


def hatch_pattern(step: Length) -> str:
    """The hatch of cells that are `step` units wide, in cells."""
    apart, ink = style.HATCH / step, style.FAINT_INK["light"]
    return (
        f'<defs><pattern id="{HATCH}" width="{apart:.4g}" height="{apart:.4g}" '
        f'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<path d="M0 0V{apart:.4g}" stroke="{ink}" stroke-width="{1 / step:.3g}"/>'
        "</pattern></defs>"
    )


def hatched(grid: dict[tuple[int, int], Bool[np.ndarray, "row column"]], step: Length) -> list[str]:
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
    return [hatch_pattern(step), f'<path class="denied" fill="url(#{HATCH})" d="{drawn}"/>']


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
    size: Length = 10,
    *,
    ink: str = style.INK["light"],
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


def legend(ramp: np.ndarray, y: Length, *, signed: bool) -> str:
    """Ink of a few values, with their sign."""
    parts = []
    ticks = style.TICKS["signed" if signed else "share"]
    levels = style.map_levels(np.array(ticks), signed=signed)
    for index, (value, level) in enumerate(zip(ticks, levels.tolist(), strict=True)):
        ink, x = _hex(ramp, level), 8 + 58 * index
        parts.append(f'<rect x="{x}" y="{y:g}" width="18" height="10" fill="{ink}"/>')
        plus = "+" if signed and value > 0 else ""
        parts.append(text(x + 22, y + 9, plus + f"{value:g}".replace("-", "−")))
    return f'<g class="legend">{"".join(parts)}</g>'


def _hex(ramp: np.ndarray, level: int) -> str:
    red, green, blue = (int(value) for value in ramp[level])
    return f"#{red:02x}{green:02x}{blue:02x}"


def _origin(trace: Trace | None, recipe: Recipe | None, width: Length, language: Language) -> Block:
    """Sentence, model with revision, versions, and the lines of Python that make it again."""
    code = [] if recipe is None else wrapped(recipe.text, width * 0.86)
    said = [*sentences(trace), provenance_note(trace, language)]
    if recipe is not None:
        said.append(say("file.again", language, command=""))
    words_above = [line for one in said for line in wrapped(one, width)]
    code_font = ' font-family="ui-monospace, Menlo, Consolas, monospace" xml:space="preserve"'
    styles = [(10.0, "")] * len(words_above) + [(8.5, code_font)] * len(code)
    faint = style.FAINT_INK["light"]
    elements = "".join(
        text(8, 12 + 13 * row, line, size, ink=faint, font=font)
        for row, (line, (size, font)) in enumerate(zip([*words_above, *code], styles, strict=True))
    )
    return Block(elements, width, 13 * len(styles) + 4)
