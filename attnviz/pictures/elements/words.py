"""Words of the sentence, each of which can be chosen."""

import json
import unicodedata

from attnviz.core.tokens import Token
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Number, text
from attnviz.pictures.style import Mode

LONGEST = 14  # letters of a word that is drawn; the whole one is under the pointer
_LETTER, _WIDE = 0.56, 1.0  # width of a letter, and of a Chinese one, in its size


def width_of(said: str, size: Number) -> float:
    """About how wide a line of text is."""
    wide = sum(
        _WIDE if unicodedata.east_asian_width(letter) in "WF" else _LETTER for letter in said
    )
    return wide * size


def shortened(said: str, most: int = LONGEST) -> str:
    """A word as there is room for it."""
    return said if len(said) <= most else said[: most - 1] + "…"


def window(count: int, focus: int, most: int) -> range:
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
    option: str | None = None,
    says: str | None = None,
) -> Element:
    """A word that can be chosen: a click makes it the word that all chapters follow.

    `upright` turns it by a quarter; `option` is the answer that it stands for while that
    question is open.
    """
    colour = style.INK[mode] if not token.is_special else style.FAINT_INK[mode]
    drawn = text(x, y, shortened(token.text, most), colour, size=size, anchor=anchor, bold=chosen)
    turned = element("g", drawn, transform=f"rotate(-90 {x:.1f} {y:.1f})") if upright else drawn
    part = f"word.{token.position}"
    return element(
        "g",
        element("title", token.name),
        turned,
        class_="word",
        data_part=part,
        data_lights=part,
        data_says=says or token.name,
        data_choose=json.dumps({"word": token.position}),
        data_option=f"{option}.{token.position}" if option and not token.is_special else None,
        tabindex=0,
        role="button",
        aria_label=token.name,
    )
