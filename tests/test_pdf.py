"""PDF: what the server writes of it, read back. The whole file is read where a browser made it."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from math import hypot, pi
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import Sheet
from attnviz.export.path import path_operators
from attnviz.export.pdf import Page, page_of, pdf_packet
from attnviz.pictures import style
from attnviz.pictures.highlights import highlights
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.lines import FAINTEST
from attnviz.pictures.packet import unpack
from tests.test_maps import MAPS, SVG
from tests.test_sheet import each, figure

POINTS = 72 / 25.4  # of a millimetre

Matrix = np.ndarray


def shapes(page: Page) -> Iterator[tuple[Matrix, dict[str, list[str]], list[list[float]]]]:
    """Each shape with its matrix, its settings by operator, and its points."""
    for block in re.findall(r"(?<=\nq\n).*?(?=\nQ)", "\n" + "\n".join(page.operators), re.DOTALL):
        matrix, settings, points = np.eye(3), {}, []
        for line in block.split("\n"):
            *given, operator = line.split()
            if operator == "cm":
                a, b, c, d, e, f = map(float, given)
                matrix = np.array([[a, b, 0], [c, d, 0], [e, f, 1]])
            elif operator in ("m", "l", "re", "c"):
                points.append([float(number) for number in given])
            else:
                settings[operator] = given
        yield matrix, settings, points


def placed(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    found = np.array([x, y, 1]) @ matrix
    return float(found[0]), float(found[1])


def texts_drawn(page: Page) -> Iterator[dict[str, Any]]:
    """Each text with the matrix that leads to the page, those of a group again at each use."""
    for text in page.texts:
        if "group" not in text:
            yield text
            continue
        for one in list(page.groups.values())[text["group"]]:
            own, use = (
                np.column_stack([np.reshape(each["matrix"], (3, 2)), [0, 0, 1]])
                for each in (one, text)
            )
            yield {**one, "matrix": (own @ use)[:, :2].ravel().tolist()}


def texts_of(root: ET.Element) -> list[str]:
    """The texts of an SVG in the order in which they are drawn, again where they are used again."""
    named = {one.get("id"): one for one in root.iter()}

    def walk(parent: ET.Element) -> Iterator[str]:
        for child in parent:
            if child.tag == f"{SVG}text":
                yield str(child.text)
            elif child.tag == f"{SVG}use":
                yield from walk(named[child.attrib["href"][1:]])
            elif child.tag == f"{SVG}g":
                yield from walk(child)

    return list(walk(root))


@each
@pytest.mark.parametrize("width", [85, 180])
def test_a_page_is_as_large_as_the_figure(
    kind: PictureKind, width: Any, note: attnviz.Trace
) -> None:
    svg = figure(kind, note, Sheet(width))
    page = page_of(svg)
    high = float(ET.fromstring(svg).attrib["height"].removesuffix("mm"))  # noqa: S314
    assert page.width == pytest.approx(width * POINTS)
    assert page.height == pytest.approx(high * POINTS)
    drawn = list(texts_drawn(page))
    assert [text["text"] for text in drawn] == texts_of(ET.fromstring(svg))  # noqa: S314
    for text in drawn:
        assert text["size"] * hypot(*text["matrix"][:2]) == pytest.approx(8, rel=1e-3), "8 pt"
        matrix = np.column_stack([np.reshape(text["matrix"], (3, 2)), [0, 0, 1]])
        x, y = placed(matrix, text["x"], text["y"])
        assert 0 <= x <= page.width
        assert 0 <= y <= page.height


@each
def test_only_texts_are_used_again(kind: PictureKind, note: attnviz.Trace) -> None:
    root = ET.fromstring(figure(kind, note, Sheet()))  # noqa: S314
    named = {one.get("id"): one for one in root.iter()}
    used = [named[use.attrib["href"][1:]] for use in root.iter(f"{SVG}use")]
    assert {child.tag for group in used for child in group} <= {f"{SVG}text"}


@pytest.mark.parametrize("count", [16, 64, 192])
def test_a_packet_grows_with_its_svg(count: int) -> None:
    """The text that stands beside each query is in both of them once."""
    weights = np.full((1, 1, count, count), 0.5 / (count - 1))
    weights[0, 0, range(count), range(count)] = 0.5
    trace = attnviz.Trace.from_weights([f"word{n}" for n in range(count)], weights)
    svg = highlights(trace, (0, 0)).to_svg(sheet=Sheet())
    packet = pdf_packet(svg, "x.pdf")
    assert len(packet) < 2.5 * len(svg)
    meta, _ = unpack(packet)
    assert [len(group) for group in meta["groups"]] == [count]
    assert sum("group" in text for text in meta["texts"]) == count
    assert meta["families"] == [style.SANS]


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_its_lines_are_the_tensor(note: attnviz.Trace, direction: Any) -> None:
    svg = note.lines([(2, 1)], direction=direction).to_svg(sheet=Sheet())
    page = page_of(svg)
    found = []
    _sample, *strokes = (shape for shape in shapes(page) if shape[1].get("w", ["0.5"]) != ["0.5"])
    for matrix, settings, points in strokes:
        opacity = page.opacities[int(settings["gs"][0][2:])] if "gs" in settings else 1.0
        width = float(settings["w"][0])
        assert width == pytest.approx(style.line_width(opacity), rel=0.01)
        ends = [placed(matrix, *point) for point in points]
        found += [(*ends[at], *ends[at + 1], opacity) for at in range(0, len(ends), 2)]
    weights = note.weights((2, 1))
    assert len(found) == int((weights >= FAINTEST).sum())
    lines = np.array(found)
    along = 0 if direction == "horizontal" else 1
    count = len(note.tokens)
    places = np.sort(np.unique(np.round(lines[:, [along, along + 2]], 2)))
    step = (places[-1] - places[0]) / (count - 1)
    first, read = places[0], set()
    for line in lines:
        at = [round((line[along + end] - first) / step) for end in (0, 2)]
        if direction == "vertical":  # upwards in PDF
            at = [count - 1 - place for place in at]
        assert abs(weights[at[0], at[1]] - line[4]) < 0.51 / 255
        read.add((at[0], at[1]))
    assert len(read) == len(found), "no line twice"


def test_its_cells_are_the_tensor_and_what_is_not_allowed_is_hatched() -> None:
    seen = MAPS["shares"]
    page = page_of(attnviz.heatmap(seen).to_svg(sheet=Sheet()))
    ramp = style.ramp(style.HEAD_CODES[0].light, "light")
    levels = style.level(seen.values)
    drawn = np.zeros(seen.values.shape, bool)
    hatched = np.zeros(seen.values.shape, bool)
    for _, settings, points in shapes(page):
        if "f" not in settings or len(points[0]) == 4:
            continue
        for corner in np.array(points).reshape(-1, 4, 2):
            (left, top), (right, _) = corner[0], corner[1]
            at = (int(top), slice(int(left), int(right)))
            if "scn" in settings:
                hatched[at] = True
                continue
            drawn[at] = True
            ink = np.rint(255 * np.array(list(map(float, settings["rg"])))).astype(int)
            assert (ink == ramp[levels[at]]).all()
    np.testing.assert_array_equal(hatched, seen.denied)
    np.testing.assert_array_equal(drawn, ~seen.denied)
    (hatch,) = page.hatches
    assert hatch["ink"] == [int(style.FAINT_INK["light"][at : at + 2], 16) for at in (1, 3, 5)]
    # as far apart on paper as everywhere: 4 units of a quarter millimetre
    apart = hatch["apart"] * hypot(*hatch["matrix"][:2])
    assert apart == pytest.approx(style.HATCH * 0.25 * POINTS, rel=1e-3)


def test_the_dictionary_says_where_it_is_from(note: attnviz.Trace) -> None:
    picture = attnviz.lines(note, [(0, 2)])
    meta, arrays = unpack(pdf_packet(picture.to_svg(sheet=Sheet()), "x.pdf", 3))
    said = meta["information"]
    facts = json.loads(said["Subject"])
    assert facts["text"] == note.text
    assert facts["revision"] == note.model.revision
    assert facts["again"].endswith("attnviz.lines(trace, [(0, 2)])")
    assert facts["sheet"] == "attnviz.Sheet()"
    assert said["Keywords"] == picture.alt
    assert said["Creator"] == f"attnviz {attnviz.__version__}"
    assert (meta["name"], meta["asked"]) == ("x.pdf", 3)
    content = arrays["content"].tobytes().decode("ascii")
    assert not re.search(r"\d[eE][+-]?\d", content), "PDF knows no exponents"
    assert content.count("q\n") == content.count("\nQ")


def test_a_transparent_page_has_no_ground(note: attnviz.Trace) -> None:
    picture = note.lines([(0, 2)])
    filled = page_of(picture.to_svg(sheet=Sheet(scheme="dark")))
    clear = page_of(picture.to_svg(sheet=Sheet(scheme="dark", is_transparent=True)))
    ground, area, *rest = filled.operators
    assert area.endswith("re f")
    assert clear.operators == rest
    paper = [round(255 * float(number)) for number in ground.split()[:3]]
    assert paper == [int(style.PAPER["dark"][at : at + 2], 16) for at in (1, 3, 5)]


# ---- arcs as curves


def curve_points(operators: list[str]) -> np.ndarray:
    """Points along a path of curves, by de Casteljau's definition."""
    at, found = np.zeros(2), []
    for operator in operators:
        *given, kind = operator.split()
        numbers = np.array(given, float).reshape(-1, 2)
        if kind == "c":
            t = np.linspace(0, 1, 50)[:, None]
            a, b, c, d = at, *numbers
            curve = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b
            found.append(curve + 3 * t**2 * (1 - t) * c + t**3 * d)
        at = numbers[-1]
    return np.concatenate(found)


@pytest.mark.parametrize("sweep", [0, 1])
@pytest.mark.parametrize(("rx", "ry"), [(30, 12), (30, 150), (40, 40)])
def test_an_arc_is_on_its_ellipse(rx: float, ry: float, sweep: int) -> None:
    """Half an ellipse over a line: rx is half of how far apart its ends are."""
    x1, x2, y = 10.0, 10.0 + 2 * rx, 154.0
    operators = list(path_operators(f"M{x1} {y}A{rx} {ry} 0 0 {sweep} {x2} {y}"))
    points = curve_points(operators)
    inside = ((points[:, 0] - x1 - rx) / rx) ** 2 + ((points[:, 1] - y) / ry) ** 2
    np.testing.assert_allclose(inside, 1, atol=1e-3)
    reach = points[:, 1].min() if sweep else points[:, 1].max()
    assert reach == pytest.approx(y - ry if sweep else y + ry, abs=0.01), "above for sweep 1"
    np.testing.assert_allclose(points[-1], [x2, y], atol=1e-4)


def test_a_dot_is_a_whole_circle() -> None:
    operators = list(path_operators("M8.5 154a1.5 1.5 0 1 1 3 0a1.5 1.5 0 1 1 -3 0"))
    points = curve_points(operators)
    np.testing.assert_allclose(np.hypot(points[:, 0] - 10, points[:, 1] - 154), 1.5, atol=1e-3)
    angles = np.unwrap(np.arctan2(points[:, 1] - 154, points[:, 0] - 10))
    assert abs(angles[-1] - angles[0]) == pytest.approx(2 * pi, abs=0.01)
