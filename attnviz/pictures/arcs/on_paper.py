"""Print: the arcs of one map over its line of text."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Shaped

from attnviz.core.maps import AttentionMap, Place, second_text
from attnviz.pictures import style
from attnviz.pictures.names import between_texts, place_name, tick
from attnviz.pictures.paper import Length, Paper
from attnviz.pictures.shown import Shown
from attnviz.pictures.svg import Block

# Of an arc, in px or units: the lowest and the highest, from a token's middle to where its arcs
# leave or arrive, and the dot at a key. The packet holds it too.
SHAPE = {"low": 12.0, "high": 150.0, "port": 2.5, "dot": 1.5}
EDGE = 8.0
BASE = SHAPE["high"] + 4  # where the line of text begins, from above


def arcs_on_paper(
    view: Shown, lines: Mapping[str, Shaped[np.ndarray, " line"]], paper: Paper
) -> Block:
    """Every arc, those of one sign and step of opacity as one path, and the names below."""
    places = _places(view.map)
    first_key = len(places) - len(view.map.columns)
    step = step_on_paper(view.map, paper)
    parts = []
    for sign, paint in ((1, view.code), (-1, view.minus)):
        if paint is not None:
            of_sign = sign * lines["weight"] > 0
            pairs = lines["query"][of_sign], lines["key"][of_sign] + first_key
            dash = view.code.dash
            parts += _paths(
                *pairs, lines["weight"][of_sign], paper.colour(paint), dash, len(places), step
            )
    label = paper.label_room([place.label for place in places if place is not None])
    for first, side in {0: view.map.rows, first_key: view.map.columns}.items():
        if (second := second_text(side)) is not None:
            x = _middle(first + second - 0.5, step)
            parts.append(between_texts(f"M{x:g} 0V{BASE + label:g}", paper))
    size, stride = paper.size(10.0, step), paper.every(step)
    for slot, place in enumerate(places):
        x = _middle(slot, step)
        if place is None:
            continue
        if slot % stride:
            parts.append(tick(x, BASE + 3, paper))
            continue
        name = paper.name(place.label)
        parts.append(place_name(x, BASE + 8, name, size, paper, ink=paper.ink, above=False))
    width = max(paper.width, 2 * EDGE + len(places) * step)
    return Block("".join(parts), width, BASE + label + 8)


def step_on_paper(seen: AttentionMap, paper: Paper) -> Length:
    """From one token of the line of text to the next."""
    return paper.step(len(_places(seen)), paper.width - 2 * EDGE)


def _places(seen: AttentionMap) -> Sequence[Place | None]:
    """The line of text; where the keys are not the queries, those first, then a gap, then keys."""
    return seen.rows if seen.rows == seen.columns else (*seen.rows, None, *seen.columns)


def arc(query: int, key: int, places: int, step: Length) -> str:
    """One arc from a query's place on the line to a key's, and the dot at its end."""
    x1, x2 = _middle(query, step) + SHAPE["port"], _middle(key, step) - SHAPE["port"]
    wide, distance = abs(x2 - x1) / 2, abs(query - key) / max(places - 1, 1)
    high = SHAPE["low"] + (SHAPE["high"] - SHAPE["low"]) * distance
    dot, sweep = SHAPE["dot"], int(x2 > x1)
    over = f"M{x1:.1f} {BASE:g}A{wide:.2f} {high:.1f} 0 0 {sweep} {x2:.1f} {BASE:g}"
    half = f"a{dot:g} {dot:g} 0 1 1"
    return f"{over}m{-dot:g} 0{half} {2 * dot:g} 0{half} {-2 * dot:g} 0"


def _middle(slot: Length, step: Length) -> float:
    return EDGE + (slot + 0.5) * step


def _paths(
    queries: np.ndarray,
    keys: np.ndarray,
    weights: np.ndarray,
    ink: str,
    dash: str,
    places: int,
    step: Length,
) -> list[str]:
    paths: dict[int, list[str]] = defaultdict(list)
    levels = np.rint(style.LEVELS * np.abs(weights)).astype(int).tolist()
    for query, key, level in zip(queries.tolist(), keys.tolist(), levels, strict=True):
        paths[level].append(arc(query, key, places, step))
    return [
        f'<path class="arc" fill="none" stroke="{ink}" stroke-opacity="{level / style.LEVELS:.4f}" '
        f'stroke-width="{style.line_width(level / style.LEVELS):.3g}" stroke-dasharray="{dash}" '
        f'd="{"".join(drawn)}"/>'
        for level, drawn in sorted(paths.items())
    ]
