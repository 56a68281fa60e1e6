"""Dots on a plane, some of them named, the rest named under the pointer."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from attnviz.figures import style
from attnviz.figures.drawing import Element, element
from attnviz.figures.style import Mode

SIDE, EDGE = 420, 26


def scatter(
    places: Float[np.ndarray, "dot 2"],
    names: Sequence[str],
    colours: Sequence[str],
    mode: Mode,
    *,
    named: Mapping[int, str],
) -> Element:
    """One dot a place; those in `named` are larger and carry their name in that colour."""
    span = float(np.ptp(places, axis=0).max()) or 1.0
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    at = np.round(SIDE / 2 + (places - middle) / span * (SIDE - 2 * EDGE), 1)
    parts: list[Element | str] = []
    for index, ((x, y), name, colour) in enumerate(zip(at, names, colours, strict=True)):
        chosen = index in named
        parts.append(
            element(
                "circle",
                element("title", name),
                cx=x,
                cy=y,
                r=7 if chosen else 4.5,
                fill=named.get(index, colour),
                stroke=style.PAPER[mode],
                data_name=name,
            )
        )
        if chosen:
            anchor = "end" if x > SIDE / 2 else "start"
            shift = -11 if anchor == "end" else 11
            parts.append(
                element("text", name, x=x + shift, y=y + 4, fill=named[index], text_anchor=anchor)
            )
    return element("svg", *parts, viewBox=f"0 0 {SIDE} {SIDE}", class_="map scatter", role="img")
