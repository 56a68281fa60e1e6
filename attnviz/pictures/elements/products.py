"""Sums of products in writing: 1 · 5 + 0 · 2 = 5, and the sign that the digits shown allow."""

from collections.abc import Sequence
from decimal import Decimal

from attnviz.digits import printed, read


def factor(text: str) -> str:
    """A number as it stands after a sign: (−3)."""
    return f"({text})" if text.startswith("−") else text


def product(one: str, other: str) -> str:
    """Two printed numbers and the dot between them."""
    return f"{factor(one)} · {factor(other)}"


def makes(terms: Sequence[tuple[str, ...]], total: str) -> str:
    """The sign between a sum of products and what is printed after it: ≈ where digits round."""
    added = Decimal(0)
    for factors in terms:
        product = Decimal(1)
        for text in factors:
            product *= read(text)
        added += product
    return "=" if added == read(total) else "≈"


def dot_product(
    row: Sequence[float], column: Sequence[float], made: float, decimals: int
) -> list[str]:
    """The sum of row times column as it grows term by term; the last text ends with its result."""
    pairs = [(printed(a, decimals), printed(b, decimals)) for a, b in zip(row, column, strict=True)]
    written = [product(*pair) for pair in pairs]
    grown = [" + ".join(written[: count + 1]) for count in range(len(written))]
    total = printed(made, decimals)
    return [*grown, f"{grown[-1]} {makes(pairs, total)} {total}"]
