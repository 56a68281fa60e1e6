"""Reading figures in steps: their forms, their numbers, and the sums in what they say."""

import re
from collections.abc import Iterator
from decimal import Decimal

from attnviz.pictures.drawing import Drawing, Element

TERM = re.compile(r"(?P<sign>[+−]?)\s*\(?(?P<number>−?\d+\.\d+)\)?")


def whole(tree: Element) -> Iterator[Element]:
    """Every element, without what stands for it on a projector's screen."""
    if tree.attributes.get("class") == "on-one-screen":
        return
    yield tree
    for child in tree.children:
        if isinstance(child, Element):
            yield from whole(child)


def all_of(panel: Drawing, class_: str) -> list[Element]:
    """Every element of a class, in the order of reading."""
    return [one for one in panel.root.walk() if class_ in one.attributes.get("class", "").split()]


def few(panel: Drawing) -> Element:
    """What has room on a projector's screen, where that is not all."""
    return next(e for e in panel.root.walk() if e.attributes.get("class") == "on-one-screen")


def form(drawing: object, name: str = "wide") -> Element:
    """One form of a drawn figure."""
    assert isinstance(drawing, Drawing)
    return next(
        one
        for one in drawing.root.walk()
        if one.tag == "svg" and name in one.attributes["class"].split()
    )


def parts(tree: Element, name: str) -> Iterator[Element]:
    """Every element whose part is called so, or begins so where the name ends with a dot."""
    for one in tree.walk():
        part = one.attributes.get("data-part", "")
        if part == name or (name.endswith(".") and part.startswith(name)):
            yield one


def place(rect: Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a rectangle or an image."""
    x, y, width, height = (float(rect.attributes[name]) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def steps(drawing: object) -> list[str]:
    """The sentences of a figure."""
    assert isinstance(drawing, Drawing)
    return [one.text for one in drawing.root.walk() if one.tag == "li"]


def adds_up(said: str) -> bool:
    """Whether the summands before the last =, or ≈, make what stands after it, digit for digit.

    After ≈ the last digit may differ by one for each summand, and must differ.
    """
    left, sign, right = re.split(r"([=≈])(?!.*[=≈])", said)
    total = _numbers(right)[0]
    summed = sum(_numbers(left), Decimal(0))
    if sign == "=":
        return summed == total
    unit = Decimal(1).scaleb(total.as_tuple().exponent)  # type: ignore[arg-type]
    return summed != total and abs(summed - total) <= unit * len(_numbers(left))


def _numbers(said: str) -> list[Decimal]:
    return [
        (-1 if found["sign"] == "−" else 1) * Decimal(found["number"].replace("−", "-"))
        for found in TERM.finditer(said)
    ]
