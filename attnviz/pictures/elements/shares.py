"""A bar of shares: whose information a vector holds, one colour a source, as wide as its share."""

from collections.abc import Sequence
from typing import NamedTuple

from attnviz.digits import equals, printed
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, text
from attnviz.pictures.style import Mode, Paint

_DIGITS = 2
_LETTER = 0.6  # width of a digit, in sizes of the text


class Share(NamedTuple):
    """One source of a vector, and its share."""

    name: str
    value: float
    paint: Paint
    part: str


def share_bar(
    shares: Sequence[Share], area: Area, mode: Mode, said: str, *, size: Number
) -> Element:
    """Shares side by side, together as wide as `area`; each number where it has room.

    Under the pointer stands the sum of all, after `said`.
    """
    drawn: list[Element] = []
    x = float(area.x)
    for share in shares:
        wide = share.value * area.width
        drawn.append(
            element(
                "rect",
                element("title", f"{share.name}: {printed(share.value, _DIGITS)}"),
                x=f"{x:.2f}",
                y=area.y,
                width=f"{wide:.2f}",
                height=area.height,
                fill=style.tint(share.paint, mode),
                stroke=getattr(share.paint, mode),
                data_part=share.part,
                data_value=repr(share.value),
            )
        )
        if wide >= 4.4 * _LETTER * size:
            digits = printed(share.value, _DIGITS)
            at = (x + wide / 2, area.y + area.height / 2)
            drawn.append(text(*at, digits, style.INK[mode], size=size))
        x += wide
    return element(
        "g",
        *drawn,
        class_="shares",
        tabindex=0,
        data_part=shares[0].part.rpartition(".")[0],
        data_says=f"{said}: {_sum_of(shares)}",
    )


def _sum_of(shares: Sequence[Share]) -> str:
    digits = [printed(share.value, _DIGITS) for share in shares]
    total = printed(sum(share.value for share in shares), _DIGITS)
    terms = " + ".join(f"{s.name} {d}" for s, d in zip(shares, digits, strict=True))
    return f"{terms} {equals(digits, total)} {total}"
