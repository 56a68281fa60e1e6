"""The note's table, worked: from scores to weights to the sum z, one row a key."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.digits import equals, printed
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say


@dataclass(frozen=True, slots=True, eq=False)
class WeightedSum:
    """One query's row, step by step."""

    keys: Sequence[str]
    products: Float[np.ndarray, " key"]  # q · k
    scores: Float[np.ndarray, " key"]  # divided, mask added
    weights: Float[np.ndarray, " key"]
    values: Float[np.ndarray, "key d_head"]
    z: Float[np.ndarray, " d_head"]
    divisor: float


def weighted_sum(
    table: WeightedSum,
    mode: Mode,
    language: Language,
    *,
    decimals: tuple[int, int, int, int] = (2, 3, 4, 4),
    columns: int = 3,
) -> Element:
    """The table: product, score, weight, and the first `columns` numbers of weight × v.

    `decimals` are those of the four kinds of number. The last line sums what stands above;
    where the digits shown do not add up to it, it begins with ≈.
    """
    hue = {n: getattr(p, mode) for n, p in (("s", style.SCORE), ("v", style.V), ("z", style.Z))}
    products, scores, weights, parts = decimals
    shown = min(columns, table.values.shape[1])
    titles = [
        ("q · k", hue["s"]),
        (f"÷ {table.divisor:.4g}", hue["s"]),
        ("softmax", hue["s"]),
        *((f"× v[{i}]", hue["v"]) for i in range(shown)),
    ]
    head = element(
        "tr",
        element("th", say("picture.key", language), scope="col"),
        *(element("th", title, scope="col", style=f"color:{colour}") for title, colour in titles),
    )
    body = []
    for row, key in enumerate(table.keys):
        weight = float(table.weights[row])
        cells = [
            _cell(float(table.products[row]), products, "product"),
            _cell(float(table.scores[row]), scores, "score"),
            _cell(weight, weights, "weight"),
            *(_cell(float(weight * table.values[row, i]), parts, "part") for i in range(shown)),
        ]
        body.append(element("tr", element("th", key, scope="row"), *cells))
    total = element(
        "tr",
        element("th", "z", scope="row", style=f"color:{hue['z']}"),
        element("td"),
        element("td"),
        _sum(table.weights, float(table.weights.astype(np.float64).sum()), weights, "total"),
        *(
            _sum(table.weights * table.values[:, i], float(table.z[i]), parts, "z", hue["z"])
            for i in range(shown)
        ),
        class_="total",
    )
    return element(
        "div",
        element("table", element("thead", head), element("tbody", *body), element("tfoot", total)),
        class_="scroll worked",
    )


def _sum(
    terms: Float[np.ndarray, " key"],
    value: float,
    decimals: int,
    kind: str,
    colour: str | None = None,
) -> Element:
    """A sum below its terms."""
    sign = equals([printed(float(term), decimals) for term in terms], printed(value, decimals))
    return _cell(value, decimals, kind, colour, "≈ " if sign == "≈" else "")


def _cell(
    value: float, decimals: int, kind: str, colour: str | None = None, sign: str = ""
) -> Element:
    paint = None if colour is None else f"color:{colour}"
    return element(
        "td",
        f"{sign}{printed(value, decimals)}",
        class_=kind,
        data_value=repr(value),
        style=paint,
    )
