"""Drawings: tables, boxes and maps as a tree of elements, the same on a page and on paper.

A tree is built in Python and becomes elements and text nodes in the browser
(`drawing.js`), so a token in it is text and never markup. An element may carry an
array: the browser paints it from the numbers themselves and reads them out under the pointer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Shaped

from attnviz.pictures import style
from attnviz.pictures.packet import pack, with_meta
from attnviz.pictures.scripts import Script
from attnviz.pictures.standalone import framed, picture, standalone
from attnviz.pictures.style import Mode

SCRIPT = Script("drawing", parts=("elements", "tensor", "curve", "bars", "scatter"))


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One element: a tag, its attributes, and what is in it."""

    tag: str
    attributes: dict[str, str]
    children: tuple["Element | str", ...]
    array: Shaped[np.ndarray, "row column"] | None = None  # painted on a canvas
    hue: str = ""  # of the array's positive numbers

    def walk(self) -> Iterator["Element"]:
        """This element and all in it, in the order of reading."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


def element(tag: str, *children: "Element | str | None", **attributes: object) -> Element:
    """An element. `class_` stands for class, `data_x` for data-x; None is left out."""
    named = {
        name.rstrip("_").replace("_", "-"): str(value)
        for name, value in attributes.items()
        if value is not None
    }
    return Element(tag, named, tuple(child for child in children if child is not None))


def or_fewer(whole: Element, few: Element | None) -> Element:
    """All of something; on a projector's screen the `few` of it that have room there, if given."""
    if few is None:
        return whole
    return element(
        "div",
        element("div", whole, class_="whole"),
        element("div", few, class_="on-one-screen"),
    )


@dataclass(frozen=True, eq=False, repr=False)
class Drawing:
    """A tree of elements with its text alternative."""

    root: Element
    alt: str
    mode: Mode = "light"
    values: dict[str, Any] = field(default_factory=dict)  # what was drawn, for who reads it back

    @cached_property
    def packet(self) -> bytes:
        """What the browser draws it from."""
        arrays: dict[str, np.ndarray] = {}
        tree = self._tree(self.root, arrays, {})
        return pack({"tree": tree, "alt": self.alt}, arrays)

    def __repr__(self) -> str:
        return f"<Drawing: {self.alt}>"

    def _repr_html_(self) -> str:
        """In a notebook: the drawing in a frame of its own."""
        page = standalone(self.alt, [picture("drawing", self.packet, self.alt)], "en")
        return framed(page, self.alt, 400)

    def _tree(
        self, one: Element, arrays: dict[str, np.ndarray], names: dict[int, str]
    ) -> list[Any]:
        attributes = dict(one.attributes)
        if one.array is not None:
            name = names.setdefault(id(one.array), f"array{len(names)}")  # drawn twice, sent once
            ramp = f"ramp{one.hue}"
            if name not in arrays:
                arrays[name] = one.array.astype(np.float32)
            arrays.setdefault(ramp, style.signed_ramp(one.hue, self.mode))
            attributes |= {"data-array": name, "data-ramp": ramp}
        children = [c if isinstance(c, str) else self._tree(c, arrays, names) for c in one.children]
        return [one.tag, attributes, *children]


def packet_for(packet: bytes, reader: Mapping[str, object]) -> bytes:
    """A drawing's packet for one reader: `step` of a figure, `open` questions, `right` options."""
    return with_meta(packet, {"reader": dict(reader)})
