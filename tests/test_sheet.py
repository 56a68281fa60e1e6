"""Figures for a paper, read back: their size, their letters, their numbers, what they say."""

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import AttentionMap, Sheet
from attnviz.core.sheet import LETTERS, SCHEMES, WIDTHS
from attnviz.pictures import style
from attnviz.pictures.arcs import arcs
from attnviz.pictures.kinds import PictureKind, kinds
from attnviz.pictures.lines import FAINTEST
from tests.test_each_picture import CELLS, TINTS, arcs_in, cells_on_paper, tints_on_paper
from tests.test_maps import SVG, both, drawn_of

POINT = 25.4 / 72  # mm
SAVED = [pytest.param(kind, id=name) for name, kind in kinds().items() if kind.is_saved]
each = pytest.mark.parametrize("kind", SAVED)
PAIR = [(0, 2), (1, 8)]


def figure(kind: PictureKind, drawn: Any, sheet: Sheet) -> str:
    """The first figure of a kind, as Save makes it."""
    return next(iter(kind.pictures(attnviz.explore(drawn)).values()))().to_svg(sheet=sheet)


def root_of(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314


def texts_of(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in root_of(svg).iter(f"{SVG}text")]


@each
@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_as_wide_and_its_letters_as_large_as_the_sheet_says(
    kind: PictureKind, width: Any, letters: Any, note: attnviz.Trace
) -> None:
    for provenance in (False, True):
        svg = figure(kind, note, Sheet(width, letters, provenance=provenance))
        root = root_of(svg)
        assert root.attrib["width"] == f"{width}mm"
        wide = float(root.attrib["viewBox"].split()[2])
        unit = width / wide  # mm
        sizes = {float(text.attrib["font-size"]) * unit for text in root.iter(f"{SVG}text")}
        assert sizes
        assert all(size == pytest.approx(letters * POINT, rel=1e-3) for size in sizes)


@both
@each
@pytest.mark.parametrize("sheet", [Sheet(), Sheet(180, 9, "dark", is_transparent=True)])
def test_a_figure_is_the_map(kind: PictureKind, seen: AttentionMap, sheet: Sheet) -> None:
    svg = figure(kind, seen, sheet)
    code = style.HEAD_CODES[0]
    inks = {1: getattr(code, sheet.scheme), -1: getattr(style.MINUS, sheet.scheme)}
    expected = drawn_of(seen)
    if kind.name in ("lines", "arcs"):
        found = strokes_in(svg, seen, kind.name)
        assert found.keys() == expected.keys()
        for at, (ink, opacity) in found.items():
            assert abs(opacity - abs(expected[at])) < 0.53 / 255
            assert ink == inks[-1 if expected[at] < 0 else 1]
        return
    drawn, denied = (tints_on_paper if kind.name in TINTS else cells_on_paper)(svg, seen)
    assert kind.name in (*TINTS, *CELLS)
    np.testing.assert_array_equal(denied, seen.denied)
    plain = kind.name == "overview" and not seen.is_signed
    ramp = style.map_ramp(style.INK_PAINT if plain else code, sheet.scheme, signed=seen.is_signed)
    for at, level in np.ndenumerate(style.map_levels(seen.values, signed=seen.is_signed)):
        if not denied[at]:
            assert drawn[at] == "#{:02x}{:02x}{:02x}".format(*map(int, ramp[level])), at


def strokes_in(svg: str, seen: AttentionMap, kind: str) -> dict[tuple[int, int], tuple[str, float]]:
    """Ink and opacity of each line, by where it begins and ends along the sheet."""
    paths = [
        (path.attrib["d"], path.attrib["stroke"], float(path.attrib["stroke-opacity"]))
        for path in root_of(svg).iter(f"{SVG}path")
        if "stroke-opacity" in path.attrib
    ]
    wide = float(root_of(svg).attrib["viewBox"].split()[2]) - 16
    rows, columns = seen.values.shape
    if kind == "arcs":
        joined = seen.rows == seen.columns
        count = rows if joined else rows + 1 + columns
        step = min(40.0, wide / count)
        labels = [8 + (n + 0.5) * step for n in range(count)]
        return arcs_in(paths, labels, 0 if joined else rows + 1)
    step = wide / max(rows, columns)
    found: dict[tuple[int, int], tuple[str, float]] = {}
    for d, ink, opacity in paths:
        for x1, x2 in re.findall(r"M([\d.]+) [\d.]+L([\d.]+) [\d.]+", d):
            at = tuple(round((float(x) - 8) / step - 0.5) for x in (x1, x2))
            assert at not in found
            found[at[0], at[1]] = ink, opacity
    return found


@each
def test_the_figure_alone_says_no_more_than_its_heads_and_its_file_says_it_all(
    kind: PictureKind, note: attnviz.Trace
) -> None:
    alone = figure(kind, note, Sheet())
    printed = " ".join(texts_of(alone))
    for said in (note.model.revision[:12], "import attnviz", "softmax", "transformers"):
        assert said not in printed
    assert kind.takes == "all heads" or "L0·H2" in printed
    facts = json.loads(str(root_of(alone).findtext(f"{SVG}metadata")))
    assert facts["text"] == note.text
    assert facts["revision"] == note.model.revision
    assert facts["again"].startswith("import attnviz\n")
    assert note.model.title in str(root_of(alone).findtext(f"{SVG}desc"))
    whole = " ".join(texts_of(figure(kind, note, Sheet(provenance=True))))
    assert all(said in whole for said in (note.model.revision[:12], "import attnviz", note.text))


@each
def test_a_file_says_how_the_same_figure_is_made_again(
    kind: PictureKind, note: attnviz.Trace
) -> None:
    for sheet in (Sheet(), Sheet(180, 7, "dark", is_transparent=True, provenance=True)):
        svg = figure(kind, note, sheet)
        facts = json.loads(str(root_of(svg).findtext(f"{SVG}metadata")))
        *before, last = facts["again"].split("\n")
        names: dict[str, Any] = {}
        exec("\n".join(before), names)  # noqa: S102 (our own file's own words)
        assert eval(f"{last}.to_svg(sheet={facts['sheet']})", names) == svg  # noqa: S307


def test_what_is_pinned_is_made_again_too(note: attnviz.Trace) -> None:
    for picture in (
        attnviz.lines(note, PAIR, pins=["q5", "k3"]),
        attnviz.explore(note, PAIR, pins=["q5", "k3"]),
    ):
        assert picture.recipe is not None
        *before, last = picture.recipe.text.split("\n")
        names: dict[str, Any] = {}
        exec("\n".join(before), names)  # noqa: S102
        assert eval(last, names).to_svg() == picture.to_svg()  # noqa: S307


@each
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_ground_is_white_or_dark_or_none(
    kind: PictureKind, scheme: Any, note: attnviz.Trace
) -> None:
    def grounds(svg: str) -> list[str]:
        root = root_of(svg)
        found = [r.attrib["fill"] for r in root.iter(f"{SVG}rect") if r.get("width") == "100%"]
        return found + re.findall(r"background:(#\w+)", root.get("style", ""))

    ground = {"light": "#ffffff", "dark": style.PAPER["dark"]}[scheme]
    assert grounds(figure(kind, note, Sheet(scheme=scheme))) == [ground] * 2
    clear = figure(kind, note, Sheet(scheme=scheme, is_transparent=True))
    assert grounds(clear) == []
    assert root_of(clear).attrib["fill"] == style.INK[scheme]


def test_names_that_cannot_all_stand_are_every_kth_with_ticks(minilm: Any) -> None:
    trace = attnviz.trace("one two three four five six seven eight nine ten " * 12, minilm)
    count = len(trace.tokens)
    for svg, sides in (
        (trace.heatmap((0, 2)).to_svg(sheet=Sheet()), 2),
        (trace.lines([(0, 2)]).to_svg(sheet=Sheet()), 2),
    ):
        ticks = svg.count('class="tick"')
        tokens = {token.text for token in trace.tokens}
        named = sum(text in tokens for text in texts_of(svg))
        assert named + ticks == sides * count, "each has its name or its tick"
        assert 0 < named < sides * count / 3
        assert root_of(svg).attrib["width"] == "85mm"
    below = trace.lines([(0, 2)], direction="vertical").to_svg(sheet=Sheet())
    assert 'class="tick"' not in below, "there is height enough"


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
@pytest.mark.parametrize("pins", [("q5",), ("q5", "q7"), ("q5", "q7", "k3", "q3", "k0")])
@pytest.mark.parametrize("sheet", [Sheet(), Sheet(letters=9), Sheet(180, 7)])
def test_every_number_of_what_is_pinned_is_in_the_figure(
    note: attnviz.Trace, pins: tuple[str, ...], direction: Any, sheet: Sheet
) -> None:
    picture = note.lines(PAIR, direction=direction, arrangement="overlaid", pins=pins)
    svg = picture.to_svg(sheet=sheet)
    printed = " ".join(texts_of(svg))
    lines = 0
    for head in PAIR:
        weights = note.weights(head)
        for query, key in np.argwhere(weights >= FAINTEST).tolist():
            if f"q{query}" in pins or f"k{key}" in pins:
                lines += 1
                assert f"{weights[query, key]:.3f}" in printed
    strokes = [p for p in root_of(svg).iter(f"{SVG}path") if "stroke-opacity" in p.attrib]
    assert sum(path.attrib["d"].count("M") for path in strokes) == lines
    assert root_of(svg).attrib["width"] == f"{sheet.width}mm"


def test_lines_of_two_heads_over_each_other_are_told_apart_without_colour(
    note: attnviz.Trace,
) -> None:
    svg = note.lines(PAIR, arrangement="overlaid").to_svg(sheet=Sheet())
    root = root_of(svg)
    paths = [p for p in root.iter(f"{SVG}path") if "stroke-opacity" in p.attrib]
    dashes = {path.attrib["stroke"]: path.attrib["stroke-dasharray"] for path in paths}
    assert len(set(dashes.values())) == 2
    samples = {one.get("stroke"): one.get("stroke-dasharray") for one in root.iter(f"{SVG}line")}
    assert samples == dashes, "the legend shows how each is drawn"


def test_each_of_many_solid_heads_over_each_other_has_its_own_dash(note: attnviz.Trace) -> None:
    root = root_of(note.lines(note.heads[:12], arrangement="overlaid").to_svg(sheet=Sheet(180)))
    samples = {one.get("stroke"): one.get("stroke-dasharray") for one in root.iter(f"{SVG}line")}
    solid = [samples[code.light] for code in style.HEAD_CODES if code.dash == "none"]
    assert len(set(solid)) == len(solid) == 4
    paths = [p for p in root.iter(f"{SVG}path") if "stroke-opacity" in p.attrib]
    assert {p.attrib["stroke"]: p.attrib["stroke-dasharray"] for p in paths} == samples


def test_signs_that_are_read_upright_are_not_turned() -> None:
    tokens = ["注意力", "头", "!", "word", "猫"] * 5
    trace = attnviz.Trace.from_weights(tokens, np.full((1, 1, 25, 25), 1 / 25))
    for picture in (trace.lines([(0, 0)]), trace.heatmap((0, 0)), arcs(trace, (0, 0))):
        for text in root_of(picture.to_svg(sheet=Sheet(180))).iter(f"{SVG}text"):
            turned = "rotate(-90)" in text.get("transform", "")
            assert not turned or text.text == "word"


def test_panels_beside_each_other_are_so_on_paper(note: attnviz.Trace) -> None:
    for sheet in (None, Sheet(180)):
        svg = note.lines(PAIR, arrangement="beside").to_svg(sheet=sheet)
        ends: dict[int, list[float]] = {}
        (row,) = (
            [g for g in group if g.tag == f"{SVG}g"]
            for group in root_of(svg).findall(f"{SVG}g")
            if group.find(f"{SVG}g") is not None
        )
        left, right = (float(re.findall(r"[\d.]+", g.attrib["transform"])[0]) for g in row)
        assert left == 0
        assert right >= 180 / 0.25 / 2
        for place, panel in enumerate(row):
            strokes = [p for p in panel.iter(f"{SVG}path") if "stroke-opacity" in p.attrib]
            begin = [re.findall(r"M([\d.]+)", path.attrib["d"]) for path in strokes]
            ends[place] = [float(x) for path in begin for x in path]
            assert len(ends[place]) == int((note.weights(PAIR[place]) >= FAINTEST).sum())
        assert max(ends[0]) < right
