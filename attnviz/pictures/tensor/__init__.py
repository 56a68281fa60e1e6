"""Matrices: as a map of ink with the number under the pointer, or as a table of numbers."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from attnviz.digits import printed
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.style import Mode, Paint
from attnviz.texts import Language, say


def tensor(
    values: Float[np.ndarray, "row column"],
    name: str,
    rows: Sequence[str],
    paint: Paint,
    mode: Mode,
    language: Language,
    *,
    marked: int | None = None,
    columns: Sequence[str] | None = None,
    largest: float | None = None,
    paints: str | None = None,
    allowed: Bool[np.ndarray, "row column"] | None = None,
) -> Element:
    """A matrix as ink: √(|number| ÷ largest), its hue for plus and grey for minus, −∞ hatched.

    The caption says the name, the shape and the largest number, which several maps may share.
    `marked` is the row that the reader follows; `paints` names the control that a click on a
    cell sets. What is not `allowed` is hatched, and no number. Rows and columns are named where
    there is room, else one in so many, and it is said how many; all of them under the pointer.
    Columns without names are counted from 0.
    """
    hue = getattr(paint, mode)
    shared = largest is not None
    largest = _largest(values) if largest is None else largest
    if allowed is not None:
        values = np.where(allowed, values, np.nan)
    is_hatched = not np.isfinite(values).all()
    shape = f"{values.shape[0]} × {values.shape[1]}"
    canvas = Element(
        "canvas",
        {
            "class": "map",
            "role": "img",
            "tabindex": "0",
            "aria-label": f"{name}, {shape}",
            "data-rows": "\n".join(rows),
            "data-largest": repr(largest),
            "data-some": say("picture.some_named", language, step="{step}"),
            **({"data-denied": say("picture.not_allowed_here", language)} if is_hatched else {}),
            **({"data-columns": "\n".join(columns)} if columns is not None else {}),
            **({"data-marked": str(marked)} if marked is not None else {}),
            **({"data-paints": paints} if paints is not None else {}),
        },
        (),
        values,
        hue,
    )
    scale = None if shared else scale_of(largest, language, signed=bool((values < 0).any()))
    caption = element(
        "figcaption",
        element("strong", name, style=f"color:{hue}"),
        element("span", shape, class_="shape"),
        None if scale is None else element("span", scale, class_="scale"),
        element("span", say("picture.hatched", language), class_="scale") if is_hatched else None,
    )
    return element("figure", caption, canvas, class_="tensor")


def tiles(maps: Sequence[Element], language: Language) -> Element:
    """Many maps beside each other: too small for names, which is said once for all."""
    note = element("p", say("drawing.unnamed", language), class_="some")
    return element("div", note, element("div", *maps, class_="wall"), class_="unnamed")


def scale_of(largest: float, language: Language, *, signed: bool) -> str:
    """What the ink of a map means."""
    key = "drawing.scale_signed" if signed else "drawing.scale"
    return say(key, language, largest=f"{largest:.3f}")


def number_table(
    cells: Float[np.ndarray, "row column"],
    rows: Sequence[str],
    columns: Sequence[str],
    paint: Paint,
    mode: Mode,
    *,
    decimals: int = 3,
    corner: str = "",
    largest: float | None = None,
    marked: tuple[int, int] | None = None,
) -> Element:
    """A matrix as numbers, each on its ink. `largest` is the number of full ink."""
    hue = getattr(paint, mode)
    top = _largest(cells) if largest is None else largest
    head = element(
        "tr",
        element("th", corner, scope="col") if corner else element("td"),
        *(element("th", column, scope="col") for column in columns),
    )
    body = [
        element(
            "tr",
            element("th", row, scope="row"),
            *(
                _cell(float(value), top, hue, mode, decimals, marked == (i, j))
                for j, value in enumerate(line)
            ),
        )
        for i, (row, line) in enumerate(zip(rows, cells, strict=True))
    ]
    table = element("table", element("thead", head), element("tbody", *body), class_="numbers")
    return element("div", table, class_="scroll")


def _largest(values: Float[np.ndarray, "row column"]) -> float:
    """The largest number that is one: the score of a pair that is not allowed is −∞."""
    return float(np.abs(values).max(initial=0, where=np.isfinite(values)))


def _cell(
    value: float, largest: float, hue: str, mode: Mode, decimals: int, marked: bool
) -> Element:
    ground = style.hex_of(style.signed_ramp(hue, mode)[style.signed_level(value, largest)])
    return element(
        "td",
        printed(value, decimals),
        style=f"background:{ground};color:{style.text_on(ground)}",
        class_="marked" if marked else None,
        data_value=repr(value),
    )
