"""Bars: named numbers side by side, each with its bar from zero and its digits."""

from collections.abc import Sequence
from typing import NamedTuple

from attnviz.digits import printed
from attnviz.pictures.drawing import Element, element


class Bar(NamedTuple):
    """One named number and its colour."""

    name: str
    value: float
    colour: str
    note: str = ""


def bars(
    rows: Sequence[Bar], *, largest: float | None = None, decimals: int = 3, label: str = ""
) -> Element:
    """One bar a row, from 0 to `largest` (or the largest of them), which fills the width."""
    top = largest or max((abs(row.value) for row in rows), default=0.0) or 1.0
    lines = [_row(row, top, decimals) for row in rows]
    return element("div", *lines, class_="bars", role="list", aria_label=label or None)


def _row(row: Bar, top: float, decimals: int) -> Element:
    share = min(1.0, abs(row.value) / top)
    fill = element("span", style=f"width:{100 * share:.2f}%;background:{row.colour}", class_="fill")
    return element(
        "div",
        element("span", row.name, class_="name"),
        element("span", fill, class_="track"),
        element("span", printed(row.value, decimals), class_="number"),
        element("span", row.note, class_="aside") if row.note else None,
        class_="bar",
        role="listitem",
        data_value=repr(float(row.value)),
    )
