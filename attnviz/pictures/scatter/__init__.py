"""Dots on a plane, some of them named, the rest named under the pointer."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.style import Mode

SIDE, EDGE = 420, 26
NAME = 52  # units that a name takes


def scatter(
    places: Float[np.ndarray, "dot 2"],
    names: Sequence[str],
    colours: Sequence[str],
    mode: Mode,
    *,
    named: Mapping[int, str],
    label: str,
    does: Sequence[Mapping[str, object]] | None = None,
) -> Element:
    """One dot a place; those in `named` are larger and carry their name in that colour.

    `label` says what is drawn where it cannot be seen; `does` gives each dot what it does when
    it is clicked, as attributes.
    """
    span = float(np.ptp(places, axis=0).max()) or 1.0
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    at = np.round(SIDE / 2 + (places - middle) / span * (SIDE - 2 * EDGE), 1)
    parts: list[Element | str] = []
    texts: list[Element | str] = []  # above all dots
    for index, ((x, y), name, colour) in enumerate(zip(at, names, colours, strict=True)):
        is_named = index in named
        parts.append(
            element(
                "circle",
                element("title", name),
                cx=x,
                cy=y,
                r=7 if is_named else 4.5,
                fill=named.get(index, colour),
                stroke=style.PAPER[mode],
                data_name=name,
                **(does[index] if does else {}),
            )
        )
        if is_named:
            (dx, dy), anchor = _beside(at[index], at)
            where = {"x": x + dx, "y": y + dy, "fill": named[index], "text_anchor": anchor}
            texts.append(element("text", name, **where))
    view = f"0 0 {SIDE} {SIDE}"
    return element(
        "svg", *parts, *texts, viewBox=view, class_="map scatter", role="group", aria_label=label
    )


def _beside(
    at: Float[np.ndarray, " 2"], dots: Float[np.ndarray, "dot 2"]
) -> tuple[tuple[int, int], str]:
    """Where a dot's name stands, and its anchor: on the side where it covers the fewest dots."""
    sides = {"start": (11, 4), "end": (-11, 4), "middle": (0, -12)}
    most: dict[str, int] = {}
    for anchor, (dx, dy) in sides.items():
        left = {"start": 0, "end": -NAME, "middle": -NAME / 2}[anchor] + dx
        off = dots - at - [left, dy - 10]
        inside = (off > [-5, -5]).all(axis=1) & (off < [NAME + 5, 19]).all(axis=1)
        is_beyond = not 0 <= at[0] + left <= SIDE - NAME or at[1] + dy < 12
        most[anchor] = int(inside.sum()) + 1000 * is_beyond
    best = min(most, key=lambda anchor: most[anchor])
    return sides[best], best
