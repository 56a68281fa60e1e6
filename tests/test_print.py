"""SVG at print size, read back from its paths and held against the tensor. No browser here."""

import io
import json
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.export.png import png_packet
from attnviz.models.load import Model
from attnviz.pictures import style
from attnviz.pictures.lines import FAINTEST
from attnviz.pictures.packet import unpack
from attnviz.pictures.shown import shown
from attnviz.pictures.svg import wrapped
from attnviz.texts import LANGUAGES, Language

SVG = "{http://www.w3.org/2000/svg}"
LENSES = [Lens(), Lens(hide_special=True, renormalise=True), Lens(unit="word", at_least=0.05)]


def cells_of(svg: str, colour: str, rows: int, columns: int) -> np.ndarray:
    """The level of each cell, from the squares that were drawn; 0 where there is none."""
    root = ET.fromstring(svg)  # noqa: S314
    ramp = style.ramp(colour, "light")
    level_of = {"#{:02x}{:02x}{:02x}".format(*map(int, ink)): n for n, ink in enumerate(ramp)}
    found = np.zeros((rows, columns), int)
    (group,) = (g for g in root.iter(f"{SVG}g") if g.get("class") == "cells")
    for path in group.iter(f"{SVG}path"):
        for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1H\d+z", path.attrib["d"]):
            row, start = int(y), int(x)
            assert not found[row, start : start + int(wide)].any(), "no cell is drawn twice"
            found[row, start : start + int(wide)] = level_of[path.attrib["fill"]]
    return found


@pytest.mark.parametrize("lens", LENSES)
def test_a_heatmap_is_the_tensor_up_to_the_stated_quantisation(
    note: attnviz.Trace, lens: Lens
) -> None:
    svg = attnviz.heatmap(note, (2, 1), lens).to_svg()
    one = shown(note, [(2, 1)], lens)[0]
    places = len(one.map.rows)
    found = cells_of(svg, one.code.light, places, places)
    expected = np.where(one.map.shown, style.level(one.map.values), 0)
    # neighbouring levels may share a colour: then either is right
    ramp = style.ramp(one.code.light, "light")
    np.testing.assert_array_equal(ramp[found], ramp[expected])
    assert (found > 0).sum() == (expected > 0).sum()


def test_an_overview_holds_every_cell_of_every_head(note: attnviz.Trace) -> None:
    drawn = attnviz.overview(note)
    side, apart = 27, 2
    whole = cells_of(drawn.to_svg(), style.INK["light"], 6 * 29, 12 * 29)
    ramp = style.ramp(style.INK["light"], "light")
    for layer in range(6):
        for head in range(12):
            top, left = layer * (side + apart), head * (side + apart)
            tile = whole[top : top + side, left : left + side]
            np.testing.assert_array_equal(ramp[tile], ramp[drawn.tiles.levels[layer, head]])


def place_of(text: ET.Element) -> tuple[float, float]:
    """Where a line of text begins, level or turned."""
    turned = re.match(r"translate\(([\d.]+) ([\d.]+)\) rotate\(-90\)", text.get("transform", ""))
    x, y = turned.groups() if turned else (text.attrib["x"], text.attrib["y"])
    return float(x), float(y)


def grid_of(svg: str) -> tuple[float, float, float, list[ET.Element]]:
    """Left, top and side of the unit squares of a picture, and its texts in their order."""
    root = ET.fromstring(svg)  # noqa: S314
    (block,) = (g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}g[@class='cells']") is not None)
    placed = block.find(f"{SVG}g").attrib["transform"]  # type: ignore[union-attr]
    left, top, side = re.findall(r"[\d.]+", placed)
    return float(left), float(top), float(side), block.findall(f"{SVG}text")


def test_the_names_of_a_heatmap_stand_at_their_rows_and_columns(note: attnviz.Trace) -> None:
    left, top, side, texts = grid_of(attnviz.heatmap(note, (2, 1)).to_svg())
    count = len(note.tokens)
    rows, columns = texts[:count], texts[count:]
    for named in (rows, columns):
        assert [text.text for text in named] == [token.text for token in note.tokens]
    for n, (row, column) in enumerate(zip(rows, columns, strict=True)):
        (x, y), (across, below) = place_of(row), place_of(column)
        assert top + n * side < y < top + (n + 1) * side
        assert left + n * side < across < left + (n + 1) * side
        assert x < left, "the names of queries end where the cells begin"
        assert below > top + count * side
        assert row.get("transform") is None
        assert column.get("transform") is not None


def test_the_tiles_of_an_overview_are_named_by_layer_and_head(note: attnviz.Trace) -> None:
    left, top, side, texts = grid_of(attnviz.overview(note).to_svg())
    assert [text.text for text in texts] == [
        *(f"H{head}" for head in range(12)),
        *(f"L{layer}" for layer in range(6)),
    ]
    apart = 29 * side  # of 27 cells, and 2 between
    for head, text in enumerate(texts[:12]):
        x, y = place_of(text)
        assert x == pytest.approx(left + head * apart + 27 * side / 2, abs=0.1)
        assert y < top
    for layer, text in enumerate(texts[12:]):
        x, y = place_of(text)
        assert top + layer * apart < y < top + layer * apart + 27 * side
        assert x < left


@pytest.mark.parametrize("draw", [lambda t: attnviz.heatmap(t, (2, 1)), attnviz.overview])
def test_the_legend_shows_the_ink_of_each_weight(note: attnviz.Trace, draw: Any) -> None:
    root = ET.fromstring(draw(note).to_svg())  # noqa: S314
    (legend,) = (g for g in root.iter(f"{SVG}g") if g.get("class") == "legend")
    weights = np.array([float(str(text.text)) for text in legend.iter(f"{SVG}text")])
    np.testing.assert_array_equal(weights, [0.01, 0.1, 0.25, 0.5, 1])
    colour = style.INK["light"] if draw is attnviz.overview else style.HEAD_CODES[0].light
    ramp = style.ramp(colour, "light")
    inks = ["#{:02x}{:02x}{:02x}".format(*map(int, ramp[n])) for n in style.level(weights)]
    assert [square.get("fill") for square in legend.iter(f"{SVG}rect")] == inks
    for square, text in zip(legend.iter(f"{SVG}rect"), legend.iter(f"{SVG}text"), strict=True):
        x, y = place_of(text)
        assert float(square.attrib["x"]) + 18 < x < float(square.attrib["x"]) + 30
        assert float(square.attrib["y"]) < y <= float(square.attrib["y"]) + 10


def test_the_blocks_of_a_sheet_stand_below_each_other(note: attnviz.Trace) -> None:
    """Whatever is drawn ends above what follows it, and the sheet is as high as all of it."""
    for picture in (attnviz.heatmap(note, (2, 1)), attnviz.overview(note), note.lines([(2, 1)])):
        root = ET.fromstring(picture.to_svg())  # noqa: S314
        end = 0.0
        for block in root.findall(f"{SVG}g"):
            down = float(re.findall(r"[\d.]+", block.attrib["transform"])[1])
            ys = [down + place_of(text)[1] for text in block.iter(f"{SVG}text")]
            assert min(ys) > end
            end = max(ys)
        _, _, wide, high = map(float, root.attrib["viewBox"].split())
        assert end < high < end + 60 + 84
        assert float(root.attrib["height"].removesuffix("mm")) == pytest.approx(high / 4, rel=1e-4)
        assert float(root.attrib["width"].removesuffix("mm")) == pytest.approx(wide / 4, rel=1e-4)


def lines_of(svg: str, places: int) -> list[tuple[str, int, int, float]]:
    """Colour, query, key and opacity of each line of a stacked, horizontal diagram."""
    found = []
    step = min(40.0, max(7.5, (720 - 16) / places))
    for path in ET.fromstring(svg).iter(f"{SVG}path"):  # noqa: S314
        for x1, x2 in re.findall(r"M([\d.]+) [\d.]+L([\d.]+) [\d.]+", path.attrib["d"]):
            query, key = (round((float(x) - 8) / step - 0.5) for x in (x1, x2))
            found.append((path.attrib["stroke"], query, key, float(path.attrib["stroke-opacity"])))
    return found


@pytest.mark.parametrize("lens", LENSES)
def test_lines_are_the_tensor(note: attnviz.Trace, lens: Lens) -> None:
    heads = [(0, 2), (2, 1)]
    svg = attnviz.lines(note, heads, lens).to_svg()
    for one in shown(note, heads, lens):
        view = one.map
        expected = {
            (int(q), int(k)): float(view.values[q, k])
            for q, k in zip(*np.nonzero(view.shown & (view.values >= FAINTEST)), strict=True)
        }
        mine = {
            (q, k): opacity
            for ink, q, k, opacity in lines_of(svg, len(view.rows))
            if ink == one.code.light
        }
        assert mine.keys() == expected.keys()
        assert all(abs(mine[at] - weight) < 0.51 / 255 for at, weight in expected.items())


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
@pytest.mark.parametrize("pins", [("q5",), ("q5", "q7"), ("q5", "q7", "k3", "q3", "k0")])
def test_what_is_pinned_is_pinned_on_paper(
    note: attnviz.Trace, pins: tuple[str, ...], direction: Any
) -> None:
    heads = [(0, 2), (1, 8)]
    picture = attnviz.explore(
        note, heads, pins=pins, direction=direction, arrangement="overlaid"
    ).to_svg()
    root = ET.fromstring(picture)  # noqa: S314
    expected, lines = [], 0
    for one in shown(note, heads):
        weights = one.map.values
        for at, pin in enumerate(pins):
            row = weights[int(pin[1:])] if pin[0] == "q" else weights[:, int(pin[1:])]
            mark = f"#{at + 1} " if len(pins) > 1 else ""
            expected += [(one.code.light, f"{mark}{w:.3f}") for w in row if w >= FAINTEST]
        for q, k in zip(*np.nonzero(weights >= FAINTEST), strict=True):
            lines += f"q{q}" in pins or f"k{k}" in pins
    groups = [g for g in root.iter(f"{SVG}g") if g.get("class") == "number"]
    texts = [(group, next(group.iter(f"{SVG}text"))) for group in groups]
    assert sorted((t.get("fill"), t.text) for _, t in texts) == sorted(expected)
    stand = [(group.get("transform"), t.get("x"), t.get("text-anchor")) for group, t in texts]
    assert len(set(stand)) == len(stand), "no number stands on another"
    drawn = [p.attrib["d"].count("M") for p in root.iter(f"{SVG}path") if p.get("stroke-opacity")]
    assert sum(drawn) == lines
    said = " ".join("".join(t.itertext()) for t in root.iter(f"{SVG}text"))
    assert "Only the lines of what is pinned are drawn" in said
    assert all(note.tokens[int(pin[1:])].text in said for pin in pins)


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_a_line_runs_from_the_name_of_its_query_to_that_of_its_key(
    note: attnviz.Trace, direction: Any
) -> None:
    root = ET.fromstring(attnviz.lines(note, [(2, 1)], direction=direction).to_svg())  # noqa: S314
    (group,) = (g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}path") is not None)
    count = len(note.tokens)
    edges, names = list(group.iter(f"{SVG}text"))[:2], list(group.iter(f"{SVG}text"))[2:]
    assert [name.text for name in names] == 2 * [token.text for token in note.tokens]
    at = np.array([place_of(name) for name in names])
    across = 1 if direction == "horizontal" else 0
    found = {}
    for path in group.iter(f"{SVG}path"):
        for line in re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", path.attrib["d"]):
            start, end = np.array(line[:2], float), np.array(line[2:], float)
            gaps = np.abs(at[:count] - start).sum(axis=1), np.abs(at[count:] - end).sum(axis=1)
            assert max(gap.min() for gap in gaps) < 11, "the name stands beside the end of its line"
            query, key = (int(gap.argmin()) for gap in gaps)
            assert at[query][across] < start[across]
            assert end[across] < at[count + key][across], "outside of both ends"
            found[query, key] = float(path.attrib["stroke-opacity"])
    weights = note.weights((2, 1))
    assert set(found) == set(zip(*np.nonzero(weights >= FAINTEST), strict=True))
    assert all(abs(weights[pair] - opacity) < 0.51 / 255 for pair, opacity in found.items())
    queries, keys = (np.array(place_of(edge)) for edge in edges)
    assert np.argmax(np.abs(keys - queries)) == across
    assert [edge.text for edge in edges] == ["queries (look)", "keys (are looked at)"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("arrangement", ["stacked", "overlaid"])
@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_every_arrangement_says_what_it_hides(
    note: attnviz.Trace, arrangement: Any, direction: Any, language: Language
) -> None:
    lens = Lens(hide_special=True)
    drawn = attnviz.lines(
        note,
        [(0, 2), (1, 8)],
        lens,
        arrangement=arrangement,
        direction=direction,
        language=language,
    )
    root = ET.fromstring(drawn.to_svg())  # noqa: S314
    text = " ".join("".join(element.itertext()) for element in root.iter(f"{SVG}text"))
    assert "L0·H2" in text
    assert "L1·H8" in text
    assert ("special tokens hidden" if language == "en" else "特殊词元") in text
    assert len(list(root.iter(f"{SVG}path"))) > 2


def test_the_size_is_stated_in_millimetres_and_the_facts_are_whole(minilm: Model) -> None:
    text = "a\u202eb\x0b]]> <x> & 猫"
    svg = attnviz.lines(attnviz.trace(text, minilm), [(0, 0)]).to_svg()
    root = ET.fromstring(svg)  # noqa: S314
    assert root.attrib["width"] == "180mm"
    facts = json.loads(str(root.findtext(f"{SVG}metadata")))
    assert facts["text"] == text
    assert facts["revision"] == minilm.card.revision
    assert "⟨U+202E⟩" in svg
    assert "\u202e" not in svg


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_wrapping_loses_no_letter(text: str) -> None:
    joined = "".join("".join(wrapped(text)).split())
    assert joined == "".join(text.split())


@given(
    st.lists(st.text(st.sampled_from("abW猫Ｗ-"), min_size=1, max_size=50), min_size=12),
    st.sampled_from([560.0, 720.0]),
)
@settings(max_examples=60, deadline=None)
def test_wrapped_lines_fit_and_are_as_long_as_they_may(words: list[str], width: float) -> None:
    """Lines fit in Helvetica and in DejaVu Sans; no first word had room in the line before."""
    lines = wrapped(" ".join(words), width)
    fonts = (
        {"a": 0.556, "b": 0.556, "W": 0.944, "-": 0.333, " ": 0.278, "猫": 1.0, "Ｗ": 1.0},
        {"a": 0.613, "b": 0.635, "W": 0.989, "-": 0.361, " ": 0.318, "猫": 1.0, "Ｗ": 1.0},
    )
    for letters in fonts:
        assert all(10 * sum(map(letters.__getitem__, line)) <= width - 16 for line in lines)
    room = {"a": 0.64, "b": 0.64, "W": 1.0, "-": 0.64, " ": 0.42, "猫": 1.1, "Ｗ": 1.1}
    for line, following in pairwise(lines):
        first = re.match("[猫Ｗ]|[^ 猫Ｗ]*[猫Ｗ]?", following)
        assert first is not None
        longer = f"{line} {first[0]} "
        assert 10 * sum(map(room.__getitem__, longer)) > width - 16


def test_heads_in_one_picture_have_a_sample_of_their_dashes(note: attnviz.Trace) -> None:
    root = ET.fromstring(attnviz.lines(note, note.heads[:4]).to_svg())  # noqa: S314
    samples = [(one.get("stroke"), one.get("stroke-dasharray")) for one in root.iter(f"{SVG}line")]
    assert samples == [(code.light, code.dash) for code in style.HEAD_CODES[:4]]
    dashes = {one.get("stroke"): one.get("stroke-dasharray") for one in root.iter(f"{SVG}path")}
    assert dashes == {code.light: code.dash for code in style.HEAD_CODES[:4]}


def test_a_line_is_as_wide_as_its_weight_says(note: attnviz.Trace) -> None:
    """From 3/4 of a unit to 3 units, in proportion: 255 steps, and the first that is drawn."""
    root = ET.fromstring(attnviz.lines(note, [(0, 2)]).to_svg())  # noqa: S314
    paths = list(root.iter(f"{SVG}path"))
    shares = np.array([float(path.attrib["stroke-opacity"]) for path in paths])
    widths = [float(path.attrib["stroke-width"]) for path in paths]
    np.testing.assert_allclose(widths, 0.75 + shares * (3 - 0.75), atol=0.006)
    assert shares.min() >= 1 / 255 - 1e-4
    assert shares.max() > 0.99


def test_a_name_that_is_too_long_ends_in_dots() -> None:
    tokens = ["a" * 18, "b" * 19]
    trace = attnviz.Trace.from_weights(tokens, np.full((1, 1, 2, 2), 0.5))
    for picture in (trace.heatmap((0, 0)), trace.lines([(0, 0)])):
        said = {text.text for text in ET.fromstring(picture.to_svg()).iter(f"{SVG}text")}  # noqa: S314
        assert {"a" * 18, "b" * 17 + "…"} <= said
        assert not said & {"a" * 17 + "…", "b" * 18, "b" * 19}


def test_a_long_sentence_has_room_for_every_token(minilm: Model) -> None:
    trace = attnviz.trace("one two three four five six " * 80, minilm)
    svg = attnviz.heatmap(trace, (0, 2)).to_svg()
    root = ET.fromstring(svg)  # noqa: S314
    tokens = len(trace.tokens)
    found = cells_of(svg, style.HEAD_CODES[0].light, tokens, tokens)
    assert (found > 0).sum() == (style.level(trace.weights((0, 2))) > 0).sum()
    assert float(root.attrib["width"].removesuffix("mm")) > tokens * 7.5 / 4
    sizes = {float(t.get("font-size", "0")) for t in root.iter(f"{SVG}text")}
    assert min(sizes) >= 7.5


# ---- PNG: what the server adds


def chunks_of(data: bytes) -> dict[bytes, bytes]:
    found, stream = {}, io.BytesIO(data)
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        body = stream.read(length)
        assert struct.unpack(">I", stream.read(4))[0] == zlib.crc32(kind + body)
        keyword = b" " + body.split(b"\0")[0] if kind == b"iTXt" else b""
        found[kind + keyword] = body
    return found


def test_a_png_is_300_dots_an_inch_and_says_where_it_is_from(note: attnviz.Trace) -> None:
    svg = attnviz.heatmap(note, (0, 2)).to_svg()
    meta, arrays = unpack(png_packet(svg, "x.png"))
    assert meta["width"] == round(180 / 25.4 * 300)
    chunks = chunks_of(arrays["chunks"].tobytes())
    assert struct.unpack(">IIB", chunks[b"pHYs"]) == (11811, 11811, 1)
    said = json.loads(chunks[b"iTXt Description"].split(b"\0")[-1])
    assert said["text"] == note.text
    assert "attnviz.heatmap(trace, (0, 2))" in said["again"]
    assert chunks[b"iTXt Comment"].split(b"\0")[-1].decode() == attnviz.heatmap(note, (0, 2)).alt


def test_a_png_for_print_has_600_dots_an_inch(note: attnviz.Trace) -> None:
    svg = attnviz.heatmap(note, (0, 2)).to_svg(sheet=attnviz.Sheet(width=85))
    meta, arrays = unpack(png_packet(svg, "x.png", 600))
    assert meta["width"] == round(85 / 25.4 * 600)
    pixels = chunks_of(arrays["chunks"].tobytes())[b"pHYs"]
    assert struct.unpack(">IIB", pixels) == (23622, 23622, 1)


def test_a_very_wide_picture_becomes_no_larger_than_a_browser_draws(minilm: Model) -> None:
    trace = attnviz.trace("one two three four five six " * 80, minilm)
    meta, _ = unpack(png_packet(attnviz.heatmap(trace, (0, 2)).to_svg(), "x.png"))
    assert max(meta["width"], meta["height"]) <= 8_000
