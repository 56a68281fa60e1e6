"""Words: a sentence as running text, framed as a photograph, and words along an edge."""

import json
from collections.abc import Callable, Sequence

from attnviz.core.tokens import Token
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, corners, text
from attnviz.pictures.elements.lettering import fitting, width_of
from attnviz.pictures.style import Mode
from attnviz.pictures.widths import cut

MOST = 8  # words of a figure, where it says nothing else
LONGEST = 14  # letters of a word that is drawn; the whole one is under the pointer
_LEADING = 1.42
_BOLD = 1.12  # times as wide


def nearby(count: int, focus: int, most: int = MOST) -> range:
    """Up to `most` of `count` places, with the focus in their middle where there are more."""
    first = max(0, min(focus - most // 2, count - most))
    return range(first, min(count, first + most))


def word(
    token: Token,
    x: Number,
    y: Number,
    mode: Mode,
    *,
    size: Number,
    anchor: str = "middle",
    chosen: bool = False,
    upright: bool = False,
    most: int = LONGEST,
    room: Number | None = None,
    option: str | None = None,
    says: str | None = None,
) -> Element:
    """A word that can be chosen: a click makes it the word that all chapters follow.

    It is cut to `most` letters, and to the `room` that it has. `upright` turns it by a quarter;
    `option` is the answer that it stands for while that question is open.
    """
    shown = cut(token.text, most)
    if room is not None:
        shown = fitting(shown, room, size * (_BOLD if chosen else 1))
    colour = style.INK[mode] if not token.is_special else style.FAINT_INK[mode]
    drawn = text(x, y, shown, colour, size=size, anchor=anchor, bold=chosen)
    turned = element("g", drawn, transform=f"rotate(-90 {x:.1f} {y:.1f})") if upright else drawn
    return element("g", element("title", token.name), turned, **_choosing(token, option, says))


def photograph(
    tokens: Sequence[Token],
    area: Area,
    mode: Mode,
    *,
    size: Number,
    focus: int,
    left_out: Callable[[int], str],
    option: str | None = None,
) -> Element:
    """A sentence as running text in a frame, around the focus where there is no room for all.

    `left_out` says how many words are not shown.
    """
    mat = Area(area.x + 9, area.y + 9, area.width - 18, area.height - 18)
    inside = Area(mat.x + 10, mat.y + 12, mat.width - 20, mat.height - 24)
    shown: list[Token] = []
    for most in range(len(tokens), 0, -1):
        shown = [tokens[at] for at in nearby(len(tokens), focus, most)]
        hidden = len(tokens) - most
        if len(_lines(shown, inside.width, size)) <= _most_lines(inside, size) - bool(hidden):
            break
    lines = _lines(shown, inside.width, size)
    room = inside.height - (1.2 * size if len(shown) < len(tokens) else 0)  # for what is left out
    top = inside.y + (room - size * _LEADING * (len(lines) - 1)) / 2
    words: list[Element] = [
        element("rect", **corners(area), fill=style.PAPER[mode], stroke=style.INK[mode]),
        element("rect", **corners(mat), fill=style.WASH[mode], stroke=style.RULE[mode]),
    ]
    for number, line in enumerate(lines):
        spaced: list[Element | str] = []
        for token in line:
            spaced += [_spoken(token, mode, token.position == focus, option), " "]
        words.append(
            element(
                "text",
                *spaced[:-1],
                x=round(inside.x, 1),
                y=round(top + number * size * _LEADING, 1),
                font_size=size,
                dominant_baseline="central",
            )
        )
    hidden = len(tokens) - len(shown)
    if hidden:
        x, y = mat.centre[0], mat.bottom - size * 0.8
        words.append(text(x, y, left_out(hidden), style.FAINT_INK[mode], size=size))
    return element("g", *words, class_="photograph", data_count=len(shown), data_left_out=hidden)


def _most_lines(area: Area, size: Number) -> int:
    return int(area.height // (size * _LEADING))


def _lines(tokens: Sequence[Token], width: Number, size: Number) -> list[list[Token]]:
    lines: list[list[Token]] = []
    used = width
    for token in tokens:
        wide = _advance(token, size)
        if used + wide - size * 0.4 > width or not lines:
            lines.append([])
            used = 0
        lines[-1].append(token)
        used += wide
    return lines


def _advance(token: Token, size: Number) -> Number:
    return width_of(cut(token.text, LONGEST), size) + 0.45 * size


def _spoken(token: Token, mode: Mode, is_focus: bool, option: str | None) -> Element:
    """A word within a line, which the browser sets."""
    ink = style.FAINT_INK if token.is_special else style.INK
    return element(
        "tspan",
        cut(token.text, LONGEST),
        fill=getattr(style.X, mode) if is_focus else ink[mode],
        font_weight=700 if is_focus else None,
        text_decoration="underline" if is_focus else None,
        **_choosing(token, option),
    )


def _choosing(token: Token, option: str | None, says: str | None = None) -> dict[str, object]:
    """What makes a word one that can be pointed at and chosen."""
    part = f"word.{token.position}"
    return {
        "class_": "word",
        "data_part": part,
        "data_lights": part,
        "data_says": says or token.name,
        "data_choose": json.dumps({"word": token.position}),
        "data_option": f"{option}.{token.position}" if option and not token.is_special else None,
        "tabindex": 0,
        "role": "button",
        "aria_label": token.name,
    }
