"""Drawn figures read back: both forms, the numbers in them, and what they say of themselves."""

import re
from decimal import Decimal

from attnviz.pictures.drawing import Drawing, Element
from tests.lesson_readers import at_addresses

SIGN = re.compile(r" ([=≈]) ")
NUMBER = re.compile(r"\(?(−?\d[\d.]*)\)?")


def forms(panel: object) -> list[Drawing]:
    """The wide and the narrow form of a figure, each for itself."""
    assert isinstance(panel, Drawing)
    found = [one for one in panel.root.walk() if one.tag == "svg"]
    assert len(found) == 2
    return [Drawing(one, panel.alt) for one in found]


def cells(panel: object) -> dict[str, float]:
    """Every number that has a name, the same in both forms."""
    wide, narrow = (at_addresses(form, "") for form in forms(panel))
    assert wide == narrow
    return wide


def says(panel: Drawing) -> dict[str, Element]:
    """What writes its number out, by its name."""
    return {
        one.attributes["data-part"]: one
        for one in panel.root.walk()
        if "data-says" in one.attributes
    }


def is_right(written: str) -> bool:
    """Whether "a · b + c = d" is right in the digits that stand there, and ≈ only if it is not."""
    left, sign, right = SIGN.split(written)
    total = Decimal(0)
    for term in left.split(" + "):
        made = Decimal(1)
        for factor in NUMBER.findall(term):
            made *= Decimal(factor.replace("−", "-"))
        total += made
    return (total == Decimal(right.replace("−", "-"))) == (sign == "=")
