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
from jaxtyping import UInt8

from attnviz.analysis.lens import Place
from attnviz.core.characters import visible
from attnviz.core.trace import Trace
from attnviz.pictures import style
from attnviz.pictures.facts import facts, made_with
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.style import HeadCode
from attnviz.texts import Language, say

Length = int | float  # units

MM = 0.25  # of one unit
WIDTH = 720.0  # units: 180 mm
LEAST_STEP = 7.5  # units from one token to the next
LARGEST_STEP = 40.0
LABEL = 84.0  # units kept for a token's name
LONGEST_LABEL = 18  # characters
TICKS = (0.01, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a sheet: SVG elements, and how much room they take."""

    elements: str
    width: Length
    height: Length


def sheet(
    trace: Trace, blocks: Sequence[Block], recipe: Recipe, language: Language, alt: str
) -> str:
    """A whole SVG file: the blocks, then where they are from and how they are made again."""
    width = max([WIDTH, *(block.width for block in blocks)])
    blocks = [*blocks, _origin(trace, recipe, width, language)]
    parts, y = [], 12.0
    for block in blocks:
        parts.append(f'<g transform="translate(0 {y:g})">{block.elements}</g>')
        y += block.height + 14
    about = json.dumps({**facts(trace), "again": recipe.text})  # ASCII only
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * MM:g}mm" '
        f'height="{y * MM:g}mm" viewBox="0 0 {width:g} {y:g}" role="img" '
        f'style="background:{style.PAPER["light"]}" font-family={quoteattr(style.SANS)} '
        f'font-size="10" fill="{style.INK["light"]}">'
        f"<title>{safe(trace.model.called(language))}</title><desc>{safe(alt)}</desc><metadata>{escape(about)}</metadata>"
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


def cells(
    levels: UInt8[np.ndarray, "row column"],
    shown: np.ndarray,
    code: HeadCode,
    places: Sequence[Place],
) -> Block:
    """A heatmap: a square a cell, as dark as its level, with the places at both edges."""
    count = len(places)
    step = step_of(count, WIDTH - LABEL - 16)
    side = step * count
    parts = [f'<g transform="translate({LABEL:g} 0) scale({step:g})" class="cells">']
    parts += _squares({(0, 0): (levels, shown)}, style.ramp(code.light, "light"))
    parts.append("</g>")
    size = min(9.0, step)
    for index, place in enumerate(places):
        name, middle = cut(place.text), (index + 0.5) * step
        below = (LABEL + middle + size / 3, side + 5)
        parts.append(text(LABEL - 4, middle + size / 3, name, size, anchor="end"))
        parts.append(text(*below, name, size, anchor="end", turned=True))
    legend = _legend(style.ramp(code.light, "light"), side + LABEL + 8)
    return Block("".join(parts) + legend, LABEL + side + 8, side + LABEL + 24)


def tiles(levels: UInt8[np.ndarray, "layer head row column"]) -> Block:
    """An overview: a tile a head, a row a layer."""
    layers, heads, side, _ = levels.shape
    apart = max(1, round(side / 12))
    step = (WIDTH - 40) / (heads * (side + apart))
    everywhere = np.ones(levels.shape[2:], bool)
    grid = {
        (head * (side + apart), layer * (side + apart)): (levels[layer, head], everywhere)
        for layer in range(layers)
        for head in range(heads)
    }
    ramp = style.ramp(style.INK["light"], "light")
    parts = [f'<g transform="translate(32 14) scale({step:.6g})" class="cells">']
    for x, y in grid:
        parts.append(
            f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="none" '
            f'stroke="{style.RULE["light"]}" stroke-width="{0.6 / step:.3g}"/>'
        )
    parts += [*_squares(grid, ramp), "</g>"]
    middle = (side / 2) * step
    for head in range(heads):
        x = 32 + head * (side + apart) * step + middle
        parts.append(text(x, 9, f"H{head}", anchor="middle"))
    for layer in range(layers):
        y = 14 + layer * (side + apart) * step + middle
        parts.append(text(26, y + 3, f"L{layer}", anchor="end"))
    high = 14 + layers * (side + apart) * step
    return Block("".join(parts) + _legend(ramp, high + 4), WIDTH, high + 22)


def wrapped(text: str, width: Length = WIDTH) -> list[str]:
    """Text in lines that fit; a Chinese sign counts as two letters."""
    most = int((width - 16) / 5.2)
    lines = []
    for paragraph in text.split("\n"):
        line, used = "", 0
        for word in _words(paragraph):
            wide = sum(_columns(character) for character in word)
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


def _squares(
    grid: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]], ramp: np.ndarray
) -> list[str]:
    """One path a level, of unit squares; neighbours of a row that share it are one rectangle."""
    paths: dict[int, list[str]] = defaultdict(list)
    for (left, top), (levels, shown) in grid.items():
        for row, line in enumerate(levels):
            for start, end in _runs(line, shown[row]):
                paths[int(line[start])].append(
                    f"M{left + start} {top + row}h{end - start}v1H{left + start}z"
                )
    return [
        f'<path fill="{_hex(ramp, level)}" d="{"".join(parts)}"/>'
        for level, parts in sorted(paths.items())
        if level > 0  # which is the paper itself
    ]


def _runs(line: np.ndarray, shown: np.ndarray) -> Iterable[tuple[int, int]]:
    """Where neighbours of one level begin and end, hidden ones left out."""
    keys = np.where(shown, line.astype(int), -1)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
        if keys[start] > 0:
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


def _legend(ramp: np.ndarray, y: Length) -> str:
    """Ink of five weights."""
    parts = []
    for index, weight in enumerate(TICKS):
        ink, x = _hex(ramp, round(style.LEVELS * weight**0.5)), 8 + 58 * index
        parts.append(f'<rect x="{x}" y="{y:g}" width="18" height="10" fill="{ink}"/>')
        parts.append(text(x + 22, y + 9, f"{weight:g}"))
    return f'<g class="legend">{"".join(parts)}</g>'


def _hex(ramp: np.ndarray, level: int) -> str:
    red, green, blue = (int(value) for value in ramp[level])
    return f"#{red:02x}{green:02x}{blue:02x}"


def _origin(trace: Trace, recipe: Recipe, width: Length, language: Language) -> Block:
    """Sentence, model with revision, versions, and the lines of Python that make it again."""
    sentences = [trace.text, *([trace.pair] if trace.pair is not None else [])]
    said = [*sentences, made_with(trace, language), say("file.again", language, command="")]
    rows = [line for one in said for line in wrapped(one, width)]
    code = len(rows)
    rows += wrapped(recipe.text, width * 0.86)
    code_font = ' font-family="ui-monospace, Menlo, Consolas, monospace" xml:space="preserve"'
    faint = style.FAINT_INK["light"]
    elements = "".join(
        text(8, 12 + 13 * row, line, 8.5 if row >= code else 10, ink=faint, font=font)
        for row, line in enumerate(rows)
        for font in [code_font if row >= code else ""]
    )
    return Block(elements, width, 13 * len(rows) + 4)
