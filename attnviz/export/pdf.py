"""PDF of a print: what is drawn as vectors, letters as the reader's browser draws them.

No set of fonts on a server has every script, and a browser gives no outlines of its own fonts.
So the server writes lines, arcs and cells as operators of PDF, and says where each text stands;
the browser draws each text at 1,200 dots an inch and puts the file together (`saved_files.js`).
Where it is from stands in the information dictionary (ISO 32000-1, §14.3.3), and the words of
each text beside its picture (`ActualText`, §14.9.4).
"""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from math import cos, radians, sin
from typing import Any

import numpy as np
from jaxtyping import Float

from attnviz.export.path import number, numbers, path_operators
from attnviz.pictures.packet import pack
from attnviz.pictures.paper import MM, POINT, Length

LETTER_DPI = 1200
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = ("rect", "path", "line")

Matrix = Float[np.ndarray, "3 3"]  # of row vectors (x, y, 1)


@dataclass
class Page:
    """A print as PDF holds it: operators, their opacities and hatches, and the texts on top.

    Texts that are used again stand in `groups` once, in the group's own coordinates; among the
    texts, a use is the group's index and the matrix that leads to the page.
    """

    width: float  # pt
    height: float
    about: dict[str, Any]  # where it is from
    says: str  # in words
    operators: list[str] = field(default_factory=list)
    opacities: list[float] = field(default_factory=list)
    hatches: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    groups: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    families: list[str] = field(default_factory=list)  # of fonts
    named: dict[str, ET.Element] = field(default_factory=dict)  # hatches, and what is used again


def pdf_packet(svg: str, name: str, asked: int = 0) -> bytes:
    """What the browser needs to put the PDF of an SVG of ours together, and the file's name.

    `asked` counts how often it was asked for, so that it is saved as often.
    """
    page = page_of(svg)
    content = "\n".join(page.operators).encode("ascii")
    meta = {
        "kind": "pdf",
        "name": name,
        "asked": asked,
        "size": [page.width, page.height],
        "dpi": LETTER_DPI,
        "information": _information(page),
        "opacities": page.opacities,
        "hatches": page.hatches,
        "texts": page.texts,
        "groups": list(page.groups.values()),
        "families": page.families,
    }
    return pack(meta, {"content": np.frombuffer(content, np.uint8)})


def page_of(svg: str) -> Page:
    """An SVG of ours as a page."""
    root = ET.fromstring(svg)  # noqa: S314 (our own)
    wide, high = (float(root.attrib[side].removesuffix("mm")) for side in ("width", "height"))
    page = Page(
        wide / MM / POINT,
        high / MM / POINT,
        json.loads(root.findtext(f"{_SVG}metadata") or "{}"),
        root.findtext(f"{_SVG}desc") or "",
        named={one.attrib["id"]: one for one in root.iter() if "id" in one.attrib},
    )
    unit = 1 / POINT
    style = {name: root.attrib[name] for name in ("fill", "font-family", "font-size")}
    _draw(page, root, _matrix(unit, 0, 0, -unit, 0, page.height), style)
    return page


def _information(page: Page) -> dict[str, str]:
    """The information dictionary; the whole provenance as JSON is its subject."""
    about = page.about
    return {
        "Title": str(about.get("model", "attnviz")),
        "Subject": json.dumps(about, ensure_ascii=False),
        "Keywords": page.says,
        "Creator": f"attnviz {about['attnviz']}",
    }


def _draw(page: Page, parent: ET.Element, matrix: Matrix, style: dict[str, str]) -> None:
    for child in parent:
        tag = child.tag.removeprefix(_SVG)
        own = _transform(child.get("transform", "")) @ matrix
        if tag == "g":
            _draw(page, child, own, style)
        elif tag == "use":
            page.texts.append(_use(page, child.attrib["href"][1:], own, style))
        elif tag == "text":
            page.texts.append(_text(page, child, own, style))
        elif tag in _DRAWN and child.get("width") != "100%":
            page.operators += _shape(page, child, own)
        elif tag in _DRAWN:
            page.operators += [_colour(child.attrib["fill"], "rg"), _whole(page)]


def _whole(page: Page) -> str:
    return f"{numbers(0, 0, page.width, page.height)} re f"


def _shape(page: Page, shape: ET.Element, matrix: Matrix) -> list[str]:
    """One shape: its matrix, its colours, its path, and how it is painted."""
    given = shape.attrib
    fill, stroke = given.get("fill", "none"), given.get("stroke", "none")
    operators = ["q", f"{numbers(*_six(matrix))} cm"]
    if fill.startswith("url"):
        operators.append(f"/Pattern cs {_hatch(page, fill, matrix)} scn")
    elif fill != "none":
        operators.append(_colour(fill, "rg"))
    if stroke.startswith("url"):
        operators.append(f"/Pattern CS {_hatch(page, stroke, matrix)} SCN")
    elif stroke != "none":
        operators.append(_colour(stroke, "RG"))
    if stroke != "none":
        operators.append(f"{number(float(given['stroke-width']))} w")
        operators += _stroke_style(page, given)
    paint = {(True, True): "B", (True, False): "f", (False, True): "S"}
    return [*operators, *_outline(shape), paint[fill != "none", stroke != "none"], "Q"]


def _stroke_style(page: Page, given: dict[str, str]) -> list[str]:
    operators = []
    dash = given.get("stroke-dasharray", "none")
    if dash not in ("none", ""):
        operators.append(f"[{dash}] 0 d")
    opacity = float(given.get("stroke-opacity", 1))
    if opacity < 1:
        if opacity not in page.opacities:
            page.opacities.append(opacity)
        operators.append(f"/O{page.opacities.index(opacity)} gs")
    return operators


def _outline(shape: ET.Element) -> list[str]:
    given = shape.attrib
    if shape.tag == f"{_SVG}rect":
        return [f"{numbers(*(float(given[side]) for side in ('x', 'y', 'width', 'height')))} re"]
    if shape.tag == f"{_SVG}line":
        x1, y1, x2, y2 = (float(given[end]) for end in ("x1", "y1", "x2", "y2"))
        return [f"{numbers(x1, y1)} m", f"{numbers(x2, y2)} l"]
    return list(path_operators(given["d"]))


def _hatch(page: Page, url: str, matrix: Matrix) -> str:
    """The name of a tiling pattern; its matrix leads to the page, whatever the shape's is."""
    pattern = page.named[url[5:-1]]  # url(#name)
    (line,) = pattern
    hatch = {
        "matrix": _six(_transform(pattern.attrib["patternTransform"]) @ matrix),
        "apart": float(pattern.attrib["width"]),
        "width": float(line.attrib["stroke-width"]),
        "ink": _rgb(line.attrib["stroke"]),
    }
    if hatch not in page.hatches:
        page.hatches.append(hatch)
    return f"/H{page.hatches.index(hatch)}"


def _use(page: Page, name: str, matrix: Matrix, style: dict[str, str]) -> dict[str, Any]:
    """A group of texts once more; only texts are used again."""
    if name not in page.groups:
        page.groups[name] = [
            _text(page, text, _transform(text.get("transform", "")), style)
            for text in page.named[name].iterfind(f"{_SVG}text")
        ]
    return {"group": list(page.groups).index(name), "matrix": _six(matrix)}


def _text(page: Page, text: ET.Element, matrix: Matrix, style: dict[str, str]) -> dict[str, Any]:
    given = text.attrib
    family = given.get("font-family", style["font-family"])
    if family not in page.families:
        page.families.append(family)
    return {
        "matrix": _six(matrix),
        "x": float(given.get("x", 0)),
        "y": float(given.get("y", 0)),
        "size": float(given.get("font-size", style["font-size"])),
        "weight": given.get("font-weight", "400"),
        "family": page.families.index(family),
        "anchor": given.get("text-anchor", "start"),
        "ink": _rgb(given.get("fill", style["fill"])),
        "text": "".join(text.itertext()),
    }


def _transform(text: str) -> Matrix:
    """A list of transforms as one matrix; the last is nearest to the shape."""
    found: Matrix = np.eye(3)
    for kind, given in re.findall(r"(\w+)\(([^)]*)\)", text):
        values = [float(value) for value in re.split(r"[ ,]+", given.strip())]
        found = _one(kind, values) @ found
    return found


def _one(kind: str, values: list[float]) -> Matrix:
    if kind == "translate":
        return _matrix(1, 0, 0, 1, values[0], values[1])
    if kind == "scale":
        return _matrix(values[0], 0, 0, values[-1], 0, 0)
    turn = radians(values[0])  # rotate
    return _matrix(cos(turn), sin(turn), -sin(turn), cos(turn), 0, 0)


def _matrix(*six: Length) -> Matrix:
    """The six numbers with which SVG and PDF write one."""
    return np.column_stack([np.reshape(six, (3, 2)), [0.0, 0.0, 1.0]])


def _six(matrix: Matrix) -> list[float]:
    six: list[float] = matrix[:, :2].ravel().tolist()
    return six


def _rgb(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _colour(colour: str, operator: str) -> str:
    return f"{numbers(*(value / 255 for value in _rgb(colour)))} {operator}"
