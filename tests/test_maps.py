"""One attention map, drawn by every picture and read back: rows and columns apart, what is not
allowed, and values of either sign. No model here."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zlib
from base64 import b64decode
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

import attnviz
from attnviz import AttentionMap
from attnviz.analysis.describe import describe
from attnviz.analysis.difference import most_different, overlaps
from attnviz.analysis.lens import Lens, apply_lens, places_shown
from attnviz.analysis.measures import Attention, measures
from attnviz.analysis.targets import Sides
from attnviz.core.heads import HeadId
from attnviz.core.maps import Place
from attnviz.export.numbers import as_csv, as_json, as_npz
from attnviz.pictures import style
from attnviz.pictures.colour import contrast, linear, oklab
from attnviz.pictures.differences import pair_shown
from attnviz.pictures.hatch import segments
from attnviz.pictures.heatmap import draw
from attnviz.pictures.heatmap.words import how
from attnviz.pictures.numbers import numbers
from attnviz.pictures.overview.tiles import cell_edges, pool
from attnviz.pictures.packet import unpack
from attnviz.pictures.quantised import HIDDEN, STEPS
from attnviz.pictures.shown import one_shown, shown
from attnviz.texts import LANGUAGES, Language, Message
from attnviz.ui.widgets.pins import positions_of
from tests.colour_blindness import BLINDNESS, as_seen_with
from tests.tokens import token

SVG = "{http://www.w3.org/2000/svg}"
ROWS, COLUMNS = (
    ["Die", "Katze", "saß", "da", "."],
    ["The", "cat", "was", "sitting", "there", "on", "it", "."],
)
DENIED = np.zeros((5, 8), bool)
DENIED[0, 5:] = DENIED[1, 6:] = DENIED[2, 0] = DENIED[4, 3] = True
LETTERS = list("abcdef")


def shares() -> AttentionMap:
    """5 × 8 shares of rows that sum to 1 over what is allowed."""
    rng = np.random.default_rng(5)
    values = rng.random((5, 8)).astype(np.float32) * ~DENIED
    values /= values.sum(axis=1, keepdims=True)
    return AttentionMap.from_values(
        values, ROWS, COLUMNS, allowed=~DENIED, title="cross", formula="made by hand"
    )


def signed() -> AttentionMap:
    """6 × 6 values of either sign, with a 0 and one too faint to be drawn."""
    values = np.random.default_rng(6).uniform(-1, 1, (6, 6)).astype(np.float32)
    values[0, :4] = [0, 0.003, -0.5, 0.25]
    return AttentionMap.from_values(values, LETTERS, scale="signed", title="after − before")


MAPS = {"shares": shares(), "signed": signed()}
both = pytest.mark.parametrize("seen", MAPS.values(), ids=MAPS)


def drawn_of(seen: AttentionMap) -> dict[tuple[int, int], float]:
    """Each line that must be drawn."""
    where = np.argwhere(~seen.denied & (np.abs(seen.values) >= 1 / 255)).tolist()
    return {(row, column): float(seen.values[row, column]) for row, column in where}


# ---- the record


def test_a_map_is_what_it_was_made_of_and_read_only() -> None:
    seen = MAPS["shares"]
    assert [place.text for place in seen.rows] == ROWS
    assert [place.name for place in seen.columns][:2] == ["The (0)", "cat (1)"]
    assert seen.allowed is not None
    np.testing.assert_array_equal(seen.allowed, ~DENIED)
    np.testing.assert_array_equal(seen.shown, ~DENIED)
    np.testing.assert_allclose(seen.whole, 1, atol=1e-6)
    assert seen.withheld.not_allowed == 7
    with pytest.raises(ValueError, match="read-only"):
        seen.values[0, 0] = 1
    square = MAPS["signed"]
    assert (square.rows, square.allowed) == (square.columns, None)
    assert repr(square) == "<AttentionMap: after − before, 6 × 6, signed>"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"values": [[1, 0]], "rows": "ab"}, "here 2 × 2"),
        ({"values": [[1.5]], "rows": "a"}, "1 of the values is no number from 0 to 1"),
        ({"values": [[-1.5]], "rows": "a", "scale": "signed"}, "from −1 to 1"),
        ({"values": [[float("nan")]], "rows": "a"}, "no number from 0 to 1"),
        ({"values": [[-0.5]], "rows": "a"}, "no number from 0 to 1"),
        ({"values": [[1]], "rows": "a", "allowed": [[1, 0]]}, "The mask has the shape"),
        ({"values": [[1]], "rows": "a", "allowed": [[2]]}, "mask"),
        (
            {"values": [[0.5, 0.5]], "rows": "a", "columns": "ab", "allowed": [[1, 0]]},
            "1 weight is",
        ),
        ({"values": [[1]], "rows": [3]}, "3"),
    ],
)
def test_what_is_no_map_gets_a_sentence(given: dict[str, Any], said: str) -> None:
    with pytest.raises(attnviz.AttnvizError) as problem:
        AttentionMap.from_values(**given)
    assert said in str(problem.value)
    assert problem.value.text("zh") != str(problem.value)


@pytest.mark.parametrize(
    ("draw", "more"),
    [
        *((draw, {"lens": Lens()}) for draw in (attnviz.lines, attnviz.heatmap, attnviz.explore)),
        *((draw, {"heads": [(0, 0)]}) for draw in (attnviz.lines, attnviz.explore)),
        (attnviz.lines, {"combination": "mean"}),
        (attnviz.heatmap, {"head": (0, 0)}),
    ],
)
def test_a_map_takes_nothing_that_only_a_trace_can_do(draw: Any, more: dict[str, Any]) -> None:
    with pytest.raises(attnviz.ArgumentError, match="drawn as it is"):
        draw(MAPS["shares"], **more)


def test_a_message_is_said_in_every_language() -> None:
    inner = Message("map.named", {"name": "L0·H2"})
    outer = Message("picture.mean_of", {"heads": inner})
    assert [outer.text(language) for language in LANGUAGES] == ["mean of L0·H2", "L0·H2 的平均值"]


# ---- lines


@both
@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_lines_are_the_map(seen: AttentionMap, direction: Any) -> None:
    picture = attnviz.lines(seen, direction=direction)
    meta, arrays = unpack(picture.packet)
    ends = zip(arrays["query"].tolist(), arrays["key"].tolist(), strict=True)
    assert dict(zip(ends, arrays["weight"].tolist(), strict=True)) == drawn_of(seen)
    assert meta["rows"]["labels"] == [place.text for place in seen.rows]
    assert meta["columns"]["labels"] == [place.text for place in seen.columns]
    assert ("minus" in meta["heads"][0]) == seen.is_signed
    found = lines_in(picture.to_svg(), seen, direction == "vertical")
    expected = drawn_of(seen)
    assert found.keys() == expected.keys()
    for at, (ink, opacity) in found.items():
        assert abs(opacity - abs(expected[at])) < 0.53 / 255
        assert ink == (style.MINUS if expected[at] < 0 else style.HEAD_CODES[0]).light


def lines_in(
    picture: str, seen: AttentionMap, vertical: bool
) -> dict[tuple[int, int], tuple[str, float]]:
    """Colour and opacity of each line of an SVG, by the labels nearest to its ends."""
    step = 15.0 if vertical else min(40.0, 704 / max(seen.values.shape))
    start = 22.0 if vertical else 8.0
    found = {}
    for path in ET.fromstring(picture).iter(f"{SVG}path"):  # noqa: S314
        for ends in re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", path.attrib["d"]):
            along = ends[1::2] if vertical else ends[::2]
            row, column = (round((float(at) - start) / step - 0.5) for at in along)
            assert (row, column) not in found, "no line twice"
            found[row, column] = path.attrib["stroke"], float(path.attrib["stroke-opacity"])
    return found


def test_pins_of_a_map_are_its_own_rows_and_columns() -> None:
    picture = attnviz.lines(MAPS["shares"], pins=["k7"]).to_svg()
    column = MAPS["shares"].values[:, 7]
    numbers = [t.text for t in ET.fromstring(picture).iter(f"{SVG}text") if t.get("font-weight")]  # noqa: S314
    assert {f"{value:.3f}" for value in column if value >= 1 / 255} <= set(numbers)
    with pytest.raises(attnviz.ArgumentError, match="pinned"):
        attnviz.lines(MAPS["shares"], pins=["q7"])
    below = attnviz.lines(MAPS["signed"], pins=["q0"]).to_svg()
    assert ">−0.500<" in below


def test_what_has_two_signs_is_no_attention() -> None:
    (one,) = shown(MAPS["signed"])
    for language in LANGUAGES:
        assert one.says(language) == ""
    meta, _ = unpack(attnviz.lines(MAPS["signed"]).packet)
    assert meta["heads"][0]["notes"] == ["2 lines are fainter than 1/255 and not drawn."]
    assert "look" not in " ".join(meta["words"][name] for name in meta["words"] if name != "help")


# ---- heatmap, table


@both
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_heatmap_holds_the_values_and_hatches_what_is_not_allowed(
    seen: AttentionMap, mode: style.Mode
) -> None:
    figure = attnviz.heatmap(seen, mode=mode).figure
    cells = figure.data[0]
    expected = np.where(seen.denied, np.nan, seen.values)
    np.testing.assert_array_equal(np.asarray(cells.z, dtype=np.float32), expected)
    assert list(cells.y) == [place.name for place in seen.rows]
    assert list(cells.x) == [place.name for place in seen.columns]
    assert (cells.zmin, cells.zmax) == ((-1, 1) if seen.is_signed else (0, 1))
    assert cells.colorscale[0][0] == 0
    assert cells.colorscale[-1][0] == 1
    hatched = [shape for shape in figure.layout.shapes if shape.name == "not allowed"]
    assert bool(hatched) == (seen.allowed is not None)
    said = figure.layout.title.subtitle.text.replace("<br>", " ")
    assert ("not allowed" in said) == (seen.allowed is not None)
    if seen.allowed is not None:
        pointed = figure.data[-1]
        np.testing.assert_array_equal(~np.isnan(np.asarray(pointed.z, float)), seen.denied)
        assert "not allowed" in pointed.hovertemplate
        np.testing.assert_array_equal(cells_hatched(hatched[0].path, seen), seen.denied)
    if seen.is_signed:
        assert cells.customdata[0][2] == "−0.5000"
        assert "−" in cells.colorbar.ticktext[0]
        paper = oklab(linear(style.PAPER[mode]))
        (middle,) = {ink for at, ink in cells.colorscale if at == 0.5}
        rgb = "#{:02x}{:02x}{:02x}".format(*map(int, re.findall(r"\d+", middle)))
        assert np.abs(oklab(linear(rgb)) - paper).max() < 0.01


@both
@pytest.mark.parametrize("captioned", [False, True])
def test_the_packet_of_a_heatmap_is_the_map(seen: AttentionMap, captioned: bool) -> None:
    """Values, what is not allowed and the ramps; a page says formula and ink, a file itself."""
    view = one_shown(seen, None, None)
    meta, arrays = unpack(draw(view, captioned=captioned).packet)
    expected = np.where(seen.denied, np.nan, seen.values)
    np.testing.assert_array_equal(arrays["weights"], expected)
    assert ("denied" in arrays) == (seen.allowed is not None)
    if seen.allowed is not None:
        np.testing.assert_array_equal(arrays["denied"].astype(bool), seen.denied)
    for mode in style.MODES:
        ramp = style.map_ramp(view.code, mode, signed=seen.is_signed)
        np.testing.assert_array_equal(arrays[f"ramp_{mode}"], ramp)
    assert meta["signed"] == seen.is_signed
    assert meta["rows"]["names"] == [place.name for place in seen.rows]
    assert meta["columns"]["names"] == [place.name for place in seen.columns]
    said, formula = [meta["head"]["formula"], meta["words"]["ink"]], view.formula("en")
    wanted = ["", ""] if captioned else [formula, how(view, "en")]
    assert said == wanted
    assert meta["head"]["map_notes"] == view.notes("en")


def cells_hatched(path: str, seen: AttentionMap) -> np.ndarray:
    """The cells in which the middle of a line of the hatch lies."""
    found = np.zeros(seen.values.shape, bool)
    for ends in re.findall(r"M([-\d.]+),([-\d.]+)L([-\d.]+),([-\d.]+)", path):
        x1, y1, x2, y2 = map(float, ends)
        found[round((y1 + y2) / 2), round((x1 + x2) / 2)] = True
    return found


@pytest.mark.parametrize("lines", [1, 2, 4])
def test_the_hatch_covers_what_is_not_allowed_and_nothing_else(lines: int) -> None:
    for shape in ((5, 8), (8, 5), (1, 1), (7, 7)):
        denied = np.random.default_rng(lines).random(shape) < 0.4
        touched = np.zeros(shape, int)
        for x1, y1, x2, y2 in segments(denied, lines):
            assert x2 - x1 == pytest.approx(y1 - y2), "all lines slant alike"
            steps = max(1, round(x2 - x1))
            for step in range(steps):  # from cell to cell
                share = (step + 0.5) / steps
                column, row = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
                touched[int(row), int(column)] += 1
        np.testing.assert_array_equal(touched, lines * denied)


def test_the_hatch_of_a_large_causal_mask_takes_a_line_a_diagonal() -> None:
    denied = np.triu(np.ones((128, 128), bool), 1)
    assert len(list(segments(denied, 1))) < 2 * 128


@both
def test_a_heatmap_on_paper_is_the_map(seen: AttentionMap) -> None:
    root = ET.fromstring(attnviz.heatmap(seen).to_svg())  # noqa: S314
    (group,) = (g for g in root.iter(f"{SVG}g") if g.get("class") == "cells")
    ramp = style.map_ramp(style.HEAD_CODES[0], "light", signed=seen.is_signed)
    paper = 127 if seen.is_signed else 0
    inks = np.full(seen.values.shape, "", dtype=object)
    denied = np.zeros(seen.values.shape, bool)
    patterns = [p.get("id") for p in root.iter(f"{SVG}pattern")]
    for path in group.findall(f"{SVG}path"):
        for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1", path.attrib["d"]):
            cells = (int(y), slice(int(x), int(x) + int(wide)))
            if path.get("class") == "denied":
                denied[cells] = True
                assert path.attrib["fill"] in {f"url(#{name})" for name in patterns}
            else:
                inks[cells] = path.attrib["fill"]
    np.testing.assert_array_equal(denied, seen.denied)
    levels = style.map_levels(seen.values, signed=seen.is_signed)
    for at, level in np.ndenumerate(levels):
        empty = seen.denied[at] or level == paper
        assert inks[at] == ("" if empty else "#{:02x}{:02x}{:02x}".format(*map(int, ramp[level])))
    assert len(patterns) == (seen.allowed is not None)


@both
def test_a_table_has_each_number_and_says_where_nothing_is_allowed(seen: AttentionMap) -> None:
    meta, arrays = unpack(numbers(one_shown(seen, None, None), "en"))
    assert meta["query"] is None
    assert meta["rows"]["names"] == [place.name for place in seen.rows]
    assert meta["columns"]["names"] == [place.name for place in seen.columns]
    np.testing.assert_array_equal(arrays["weights"], np.where(seen.denied, np.nan, seen.values))
    denied = arrays.get("denied", np.zeros(seen.values.shape)).astype(bool)
    np.testing.assert_array_equal(denied, seen.denied)


def test_a_long_table_holds_the_row_of_one_query() -> None:
    values = np.linspace(0, 1, 41 * 41, dtype=np.float32).reshape(41, 41)
    seen = AttentionMap.from_values(values, [f"t{n}" for n in range(41)])
    meta, arrays = unpack(numbers(one_shown(seen, None, None), "en", query=7))
    assert meta["query"] == 7
    np.testing.assert_array_equal(arrays["weights"], values[7:8])


# ---- overview


@both
def test_an_overview_tile_is_the_map(seen: AttentionMap) -> None:
    drawn = attnviz.overview(seen)
    meta, arrays = unpack(drawn.packet())
    rows, columns = seen.values.shape
    assert arrays["tiles"].shape == (1, 1, rows, columns)
    assert meta["rows"]["edges"] == list(range(rows + 1))
    assert meta["columns"]["labels"] == [place.text for place in seen.columns]
    levels = arrays["tiles"][0, 0].astype(float)
    if seen.is_signed:
        share = (levels - 127) / 127
        back, half = np.sign(share) * share**2, 1 / 127
    else:
        back, half = (levels / 255) ** 2, 1 / 255
    assert np.abs(back - seen.values)[~seen.denied].max() <= half
    if seen.allowed is None:
        assert "denied" not in arrays
    else:
        np.testing.assert_array_equal(arrays["denied"][0, 0] == 1, seen.denied)
        assert "Hatched" in meta["note"]
    made = drawn.to_svg()
    assert ('class="denied"' in made) == (seen.allowed is not None)
    assert (">−0.5<" in made) == seen.is_signed


def test_a_pooled_cell_is_the_value_farthest_from_0_whatever_its_sign() -> None:
    values = np.random.default_rng(7).uniform(-1, 1, (1, 130, 70)).astype(np.float32)
    rows, columns = cell_edges(130, 1), cell_edges(70, 1)
    found = pool(values, rows, columns)
    assert found.shape == (1, 64, 64)
    for row, column in [(0, 0), (10, 40), (63, 63)]:
        block = values[0, rows[row] : rows[row + 1], columns[column] : columns[column + 1]].ravel()
        assert found[0, row, column] == block[np.abs(block).argmax()]


def test_a_block_is_hatched_where_none_of_its_pairs_is_allowed() -> None:
    size = 128
    may = np.tril(np.ones((size, size)))
    seen = AttentionMap.from_values(may / may.sum(axis=1, keepdims=True), ["t"] * size, allowed=may)
    denied = unpack(attnviz.overview(seen).packet())[1]["denied"][0, 0]
    np.testing.assert_array_equal(denied, np.triu(np.ones((64, 64)), 1))


def test_heads_that_share_a_mask_send_it_once_and_others_each_their_own() -> None:
    causal, window = np.tril(np.ones((4, 4))), np.eye(4)
    alike = np.broadcast_to(causal, (2, 3, 4, 4))
    apart = alike.copy()
    apart[1, 2] = window
    for mask, shape in ((alike, (1, 1, 4, 4)), (apart, (2, 3, 4, 4))):
        trace = attnviz.Trace.from_weights(
            "abcd", mask / mask.sum(axis=-1, keepdims=True), allowed=mask
        )
        _, arrays = unpack(attnviz.overview(trace).packet())
        assert arrays["denied"].shape == shape
        np.testing.assert_array_equal(np.broadcast_to(arrays["denied"], mask.shape), 1 - mask)
        meta, arrays = unpack(attnviz.explore(trace).packet())
        each = np.broadcast_to(arrays["denied"], (6, 4, 4))
        np.testing.assert_array_equal(each, 1 - mask.reshape(6, 4, 4))
        assert "Hatched" in meta["overview"]["note"]


# ---- files of their own


@both
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_holds_every_value_and_what_is_not_allowed(
    seen: AttentionMap, language: Language
) -> None:
    for picture in (
        attnviz.explore(seen, language=language),
        attnviz.heatmap(seen, language=language),
    ):
        page = picture.to_html()
        (packed,) = re.findall(r'data-packet="(.*?)"', page)
        meta, arrays = unpack(zlib.decompress(b64decode(packed)))
        if "weights" in arrays:
            found, denied = arrays["weights"], arrays.get("denied")
        else:
            steps = 256 * arrays["high"].astype(int) + arrays["low"]
            sign = np.where(arrays["below"], -1, 1) if seen.is_signed else 1
            found = np.where(steps == HIDDEN, np.nan, sign * steps / STEPS)[0]
            denied = arrays["denied"][0] if "denied" in arrays else None
        np.testing.assert_array_equal(np.isnan(found), seen.denied)
        assert np.nanmax(np.abs(found - seen.values)) < 1.0001 / STEPS
        assert (denied is None) == (seen.allowed is None)
        if denied is not None:
            np.testing.assert_array_equal(denied == 1, seen.denied)
        assert meta["signed"] == seen.is_signed
        assert str(seen.title.text() if seen.title else "") in unescape(page)
        assert "Make it again" not in page, "nobody knows how"
        frame = picture._repr_html_()
        assert frame.startswith("<iframe")
    assert attnviz.lines(seen, language=language)._repr_html_().startswith("<iframe")
    assert attnviz.overview(seen)._repr_html_().startswith("<iframe")


@both
def test_csv_json_and_npz_bring_the_map_back(seen: AttentionMap) -> None:
    maps = shown(seen)
    rows = list(csv.DictReader(io.StringIO(as_csv(maps))))
    assert ("allowed" in rows[0]) == (seen.allowed is not None)
    for line, (at, value) in zip(rows, np.ndenumerate(seen.values), strict=True):
        assert (int(line["query_place"]), int(line["key_place"])) == at
        if seen.denied[at]:
            assert (line["weight"], line["allowed"], line["drawn"]) == ("", "False", "False")
        else:
            assert np.float32(line["weight"]) == value
            assert line.get("allowed", "True") == "True"
            assert (line["drawn"] == "True") == (abs(value) >= 1 / 255)
    (read,) = json.loads(as_json(maps))["maps"]
    values = np.array(read["weights"], dtype=float)
    np.testing.assert_array_equal(np.isnan(values), seen.denied)
    np.testing.assert_array_equal(np.nan_to_num(values).astype(np.float32), seen.values)
    assert read["columns"] == [place.text for place in seen.columns]
    assert ("allowed" in read) == (seen.allowed is not None)
    assert read["scale"] == seen.scale
    with np.load(io.BytesIO(as_npz(seen)), allow_pickle=False) as file:
        np.testing.assert_array_equal(np.isnan(file["values"]), seen.denied)
        np.testing.assert_array_equal(np.nan_to_num(file["values"]), seen.values)
        np.testing.assert_array_equal(file["allowed"], ~seen.denied)
        assert file["rows"].tolist() == [place.text for place in seen.rows]


def test_the_numbers_of_a_trace_with_a_mask_are_empty_where_nothing_is_allowed() -> None:
    may = np.tril(np.ones((3, 3)))
    trace = attnviz.Trace.from_weights(
        "abc", (may / may.sum(axis=1, keepdims=True))[None, None], allowed=may
    )
    maps = shown(trace, [(0, 0)])
    rows = list(csv.DictReader(io.StringIO(as_csv(maps))))
    assert [row["weight"] == "" for row in rows] == (may == 0).ravel().tolist()
    assert json.loads(as_json(maps))["maps"][0]["weights"][0] == [1.0, None, None]


# ---- the lens takes the two sides apart


def test_each_side_is_merged_and_hidden_by_itself() -> None:
    queries = [token("<s>", 0, None), token("a", 1, 0), token("b", 2, 0)]
    keys = [token("x", 0, 0), token("y", 1, 0), token("z", 2, 1)]
    keys.append(token("</s>", 3, None))
    weights = np.array(
        [[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.2, 0.2], [0.1, 0.1, 0.4, 0.4]], dtype=np.float32
    )
    allowed = np.array([[1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 0, 1]], bool)
    masked = weights * allowed
    seen = apply_lens(masked, queries, Lens(unit="word", hide_special=True), allowed, keys)
    assert [place.text for place in seen.rows] == ["ab"]
    assert [place.text for place in seen.columns] == ["xy", "z"]
    np.testing.assert_allclose(seen.values, [[(0.6 + 0.2) / 2, 0]], atol=1e-6)
    np.testing.assert_array_equal(seen.denied, [[False, True]])
    assert seen.withheld.special_hidden == 2
    assert seen.withheld.pieces_merged == 4
    weak = apply_lens(weights, queries, Lens(at_least=0.4), None, keys)
    np.testing.assert_array_equal(weak.shown, weights >= 0.4)


def test_a_span_of_two_texts_is_one_of_the_keys() -> None:
    """The text that is looked at is the long one; all queries are shown with it."""
    names = [f"k{n}" for n in range(300)]
    rng = np.random.default_rng(5)
    weights = rng.dirichlet(np.ones(300), size=(1, 2, 10)).astype(np.float32)
    trace = attnviz.Trace.from_weights([f"q{n}" for n in range(10)], weights, keys=names)
    kind = trace.kinds[0]
    lens = Lens(span=(100, 227))
    (one,) = shown(trace, [(0, 1, kind)], lens)
    np.testing.assert_array_equal(one.map.values, weights[0, 1, :, 100:228])
    assert [place.positions for place in one.map.rows] == [(n,) for n in range(10)]
    assert [place.positions for place in one.map.columns] == [(n,) for n in range(100, 228)]
    withheld = one.map.withheld
    assert (withheld.span, withheld.tokens) == ((100, 227), 300)
    outside = 1 - weights[0, 1, :, 100:228].sum(axis=1, dtype=float).mean()
    assert withheld.outside_share == pytest.approx(outside, abs=1e-6)
    assert any("Tokens 100 to 227 of 300" in said for said in one.notes("en"))
    queries, keys = trace.query_tokens(kind), trace.key_tokens(kind)
    allowed = np.ones((10, 300), bool)
    seen = apply_lens(weights[0, 1], queries, lens, allowed, keys)
    np.testing.assert_array_equal(seen.values, one.map.values)
    rows, columns = places_shown(queries, keys, lens)
    assert (rows, columns) == (one.map.rows, one.map.columns)
    of_pins = positions_of(trace, lens)
    assert (len(of_pins["q"]), len(of_pins["k"])) == (10, 128)
    (pair,) = pair_shown(trace, [HeadId(0, 0, kind), HeadId(0, 1, kind)], lens)
    difference = pair.map
    np.testing.assert_allclose(
        difference.values, (weights[0, 0] - weights[0, 1])[:, 100:228], atol=1e-7
    )
    assert difference.rows == rows


def test_words_without_spaces_are_counted_where_they_are_drawn() -> None:
    """In a span of a text whose words were found by a segmenter, only the words of the span."""
    texts = "今天天气很好"
    words = (0, 0, 1, 1, 2, 3)
    tokens = [
        replace(token(text, n, word), is_segmented=True)
        for n, (text, word) in enumerate(zip(texts, words, strict=True))
    ]
    even = np.full((6, 6), 1 / 6, np.float32)
    assert apply_lens(even, tokens, Lens(unit="word")).withheld.segmented == 4
    spanned = apply_lens(even, tokens, Lens(unit="word", span=(2, 3)))
    assert len(spanned.rows) == 1
    assert spanned.withheld.segmented == 1


# ---- what is not allowed counts nowhere


def causal(rows: int) -> np.ndarray:
    may = np.tril(np.ones((rows, rows), np.float32))
    uniform: np.ndarray = may / may.sum(axis=1, keepdims=True)
    return uniform


def test_uniform_means_uniform_over_what_is_allowed() -> None:
    weights = causal(12)
    places = [Place(letter, (n,)) for n, letter in enumerate("abcdefghijkl")]
    found = describe(weights, places, weights > 0)
    assert found.pattern == "even"
    expected = np.log(np.arange(1, 13)).mean()
    assert found.entropy == pytest.approx(expected, abs=1e-6)
    assert found.most_entropy == pytest.approx(expected)
    seen = AttentionMap.from_values(weights, list("abcdefghijkl"), allowed=weights > 0)
    assert f"spread evenly, {expected:.1f} of {expected:.1f} nats" in shown(seen)[0].says("en")


def test_offsets_mean_nothing_between_two_texts() -> None:
    values = np.eye(3, 4) * 0.9
    values[:, 3] = 0.1
    said = shown(AttentionMap.from_values(values, "abc", "wxyz"))[0].says("en")
    assert "itself" not in said
    assert "itself" in shown(AttentionMap.from_values(np.eye(3), "abc"))[0].says("en")


MEASURED = np.array(
    [[[1, 0, 0, 0], [0.25, 0.75, 0, 0], [0.5, 0.25, 0.25, 0], [0.1, 0.2, 0.3, 0.4]]]
)
BY_HAND = {
    "previous": (0.25 + 0.25 + 0.3) / 3,
    "next": np.nan,  # nobody may look at the next
    "self": (1 + 0.75 + 0.25 + 0.4) / 4,
    "distance": (0 + 0.25 + (2 * 0.5 + 0.25) + (0.3 + 0.4 + 0.3)) / 4,
    # the first token is special; of the others, the second may be looked at by three of four
    # queries, the third by two, the last by one, which is too few for a favourite of all
    "hub": (0.75 + 0.25 + 0.2) / 3,
    "special": (1 + 0.25 + 0.5 + 0.1) / 4,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_measure_counts_allowed_pairs_alone(name: str) -> None:
    trace = attnviz.Trace.from_weights(
        "abcd", MEASURED[None], special=[0], allowed=np.tril(np.ones((4, 4)))
    )
    found = attnviz.measure(trace)[name][0]
    assert found == pytest.approx(BY_HAND[name], abs=1e-6, nan_ok=True)


def test_a_query_that_may_look_at_nothing_is_in_no_mean() -> None:
    tokens = [token("a", 0, 0), token("b", 1, 1)]
    weights, allowed = np.array([[[0.5, 0.5], [0, 0]]]), np.array([[[True, True], [False, False]]])
    for measure in measures():
        alone = float(measure.compute(Attention(weights, Sides(tokens), allowed)).values[0])
        if measure.name == "entropy":
            assert alone == pytest.approx(np.log(2))
        if measure.name == "distance":
            assert alone == pytest.approx(0.5)
        if measure.name == "self":
            assert alone == pytest.approx(0.5)


def test_distances_between_heads_are_those_of_what_is_allowed() -> None:
    rng = np.random.default_rng(8)
    may = np.tril(np.ones((6, 6)))
    heads = rng.random((2, 6, 6)) * may
    heads /= heads.sum(axis=-1, keepdims=True)
    rows = [heads[:, row, : row + 1] for row in range(6)]  # without what is not allowed
    by_row = [jensenshannon(*both_heads, base=2) ** 2 for both_heads in rows]
    trace = attnviz.Trace.from_weights(list("abcdef"), heads[None], allowed=may)
    assert most_different(trace)[2] == pytest.approx(np.nan_to_num(by_row).mean(), abs=1e-6)
    alike = [np.sqrt(np.prod(both_heads, axis=0)).sum() for both_heads in rows]
    assert overlaps(heads)[0, 1] == pytest.approx(np.mean(alike))


@pytest.mark.parametrize("mode", style.MODES)
def test_the_two_signs_can_be_told_apart_whatever_eyes_one_has(mode: style.Mode) -> None:
    plus, minus = getattr(style.HEAD_CODES[0], mode), getattr(style.MINUS, mode)
    for blindness in BLINDNESS:
        apart = as_seen_with(plus, blindness) - as_seen_with(minus, blindness)
        assert np.linalg.norm(apart) > 0.1
    assert min(contrast(ink, style.PAPER[mode]) for ink in (plus, minus)) >= 3
    ramp = style.map_ramp(style.HEAD_CODES[0], mode, signed=True)
    lightness = [oklab(linear("#{:02x}{:02x}{:02x}".format(*ink)))[0] for ink in ramp]
    np.testing.assert_allclose(lightness, lightness[::-1], atol=0.015)


def test_the_difference_of_a_long_text_is_sent_as_numbers_alone() -> None:
    """Each number written out as well took four times as much, and half a second to write."""
    values = np.random.default_rng(0).dirichlet(np.ones(300), (1, 2, 300)).astype(np.float32)
    trace = attnviz.Trace.from_weights(["a"] * 300, values)
    change = attnviz.difference(trace, (0, 0), (0, 1))
    cells = attnviz.heatmap(change).figure.data[0]
    assert cells.customdata is None
    assert "%{z:.4f}" in cells.hovertemplate
    assert len(attnviz.heatmap(change).figure.to_json()) < values.nbytes, "of two heads"
