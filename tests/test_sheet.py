"""Figures for a paper, read back: their size, their letters, their numbers, what they say."""

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import AttentionMap, Lens, Sheet
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


def test_heads_over_each_other_have_six_codes_and_more_are_panels(note: attnviz.Trace) -> None:
    def drawn(heads: int) -> tuple[dict[str | None, str | None], int]:
        svg = note.lines(note.heads[:heads], arrangement="overlaid").to_svg(sheet=Sheet(180))
        root = root_of(svg)
        samples = {p.get("stroke"): p.get("stroke-dasharray") for p in root.iter(f"{SVG}line")}
        paths = [p for p in root.iter(f"{SVG}path") if "stroke-opacity" in p.attrib]
        assert {p.get("stroke"): p.get("stroke-dasharray") for p in paths} == samples
        edges = [t for t in root.iter(f"{SVG}text") if (t.text or "").startswith("queries")]
        return samples, len(edges)

    codes, panels = drawn(6)
    assert (len(codes), panels) == (6, 1)
    assert [codes[code.light] for code in style.HEAD_CODES[:6] if code.dash == "none"][1] != "none"
    assert [drawn(7)[1], drawn(12)[1]] == [7, 12]


def test_signs_that_are_read_upright_are_not_turned() -> None:
    tokens = ["注意力", "头", "!", "word", "猫"] * 5
    trace = attnviz.Trace.from_weights(tokens, np.full((1, 1, 25, 25), 1 / 25))
    for picture in (trace.lines([(0, 0)]), trace.heatmap((0, 0)), arcs(trace, (0, 0))):
        for text in root_of(picture.to_svg(sheet=Sheet(180))).iter(f"{SVG}text"):
            turned = "rotate(-90)" in text.get("transform", "")
            assert not turned or text.text == "word"


def heights_of(svg: str, said: str) -> list[float]:
    """How far down a text stands, each time it does."""
    found = []

    def walk(element: ET.Element, down: float) -> None:
        moved = re.match(r"translate\(\S+ (\S+)\)", element.get("transform", ""))
        down += float(moved[1]) if moved else 0.0
        if element.tag == f"{SVG}text" and "".join(element.itertext()) == said:
            found.append(down + float(element.get("y", 0)))
        for part in element:
            walk(part, down)

    walk(root_of(svg), 0.0)
    return found


@pytest.mark.parametrize("provenance", [False, True])
@pytest.mark.parametrize("pins", [(), ("q2", "k3")])
def test_lines_beside_each_other_begin_at_one_height(
    note: attnviz.Trace, pins: tuple[str, ...], provenance: bool
) -> None:
    """However many lines of words stand above them."""
    lens = Lens(hide_special=True, at_least=0.05)
    drawn = attnviz.lines(note, [(2, 1), (0, 2), (1, 8)], lens, arrangement="beside", pins=pins)
    svg = drawn.to_svg(sheet=Sheet(180, provenance=provenance))
    first, second, below = heights_of(svg, "queries (look)")
    assert first == second < below


@pytest.mark.parametrize("draw", [lambda t: attnviz.lines(t, [(0, 2)]), lambda t: arcs(t, (0, 2))])
def test_a_formula_does_not_run_into_what_a_head_does(draw: Any, note: attnviz.Trace) -> None:
    texts = texts_of(draw(note).to_svg())
    assert [text for text in texts if "sums to 1" in text] == [
        text for text in texts if text.endswith("sums to 1")
    ]


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


# ---- what is hidden stays counted on a figure alone

EVERY_KIND = pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=name) for name, kind in kinds().items()]
)
SAID = {  # a space: wherever a line may end
    "en": {
        "weak": r"([\d,]+) weights? hidden:",
        "not_allowed": r"([\d,]+) pairs? not allowed",
        "hatched": r"([\d,]+) cells? hatched",
        "faint": r"([\d,]+) lines? fainter than 1/255",
        "special": r"([\d,]+) special tokens? hidden",
        "named": r"one in (\d+) named",
        "heads": r"one head in (\d+)",
        "pooled": r"strongest of up to (\d+) ×",
    },
    "zh": {
        "weak": r"隐藏 ([\d,]+) 个权重：",
        "not_allowed": r"([\d,]+) 对不允许",
        "hatched": r"([\d,]+) 格画斜线",
        "faint": r"([\d,]+) 条线淡于 1/255",
        "special": r"隐藏 ([\d,]+) 个特殊词元",
        "named": r"每 (\d+) 个标出一个",
        "heads": r"每 (\d+) 个头",
        "pooled": r"至多 (\d+) ×",
    },
}


def figure_of(kind: PictureKind, seen: Any, sheet: Sheet | None = None) -> str:
    return next(iter(kind.pictures(seen).values()))().to_svg(sheet=sheet or Sheet())


def counted(svg: str, language: str) -> dict[str, int]:
    """What a figure says of what it does not show, or does not name."""
    printed = " ".join(texts_of(svg))
    found = {
        key: re.search(re.sub(r" |(?<=[^ -~])(?=[^ -~])", r"\\s*", pattern), printed)
        for key, pattern in SAID[language].items()
    }
    return {key: int(one[1].replace(",", "")) for key, one in found.items() if one}


def drawn_on(svg: str) -> tuple[int, int]:
    """How many lines, cells or tints there are, and how many are hatched."""
    counts = {True: 0, False: 0}
    for path in root_of(svg).iter(f"{SVG}path"):
        d, ink = path.attrib["d"], path.get("fill", "") + path.get("stroke", "")
        if "stroke-opacity" in path.attrib:
            count = len(re.findall(r"M[\d.]+ [\d.]+[LA]", d))
        elif path.get("class") == "tint":
            count = d.count("M")
        else:
            count = sum(int(wide) for wide in re.findall(r"M\d+ \d+h(\d+)v1", d))
        counts["url" in ink] += count
    return counts[False], counts[True]


def pairs_said(svg: str, language: str) -> int:
    """The pairs of which a figure of one map gives account: drawn, hatched or counted."""
    drawn, hatched = drawn_on(svg)
    said = counted(svg, language)
    assert said.get("hatched", 0) == hatched
    return drawn + hatched + sum(said.get(key, 0) for key in ("weak", "faint", "not_allowed"))


@EVERY_KIND
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("lens", "places", "special"),
    [
        (Lens(), 27, 0),
        (Lens(at_least=0.05), 27, 0),
        (Lens(strongest=0.5), 27, 0),
        (Lens(hide_special=True, at_least=0.02), 25, 2),
        (Lens(span=(3, 14), at_least=0.1), 12, 0),
    ],
)
def test_a_figure_alone_gives_account_of_every_pair(
    kind: PictureKind, language: Any, lens: Lens, places: int, special: int, note: attnviz.Trace
) -> None:
    svg = figure_of(kind, attnviz.explore(note, PAIR, lens, language=language, parts=["lines"]))
    if kind.takes == "all heads":  # hides nothing, whatever the lens
        assert drawn_on(svg) == (72 * 27**2, 0)
        return
    first = (
        svg
        if kind.takes != "heads"
        else figure_of(kind, attnviz.explore(note, PAIR[:1], lens, language=language))
    )
    assert pairs_said(first, language) == places**2
    said = counted(first, language)
    assert said.get("special", 0) == special
    assert bool(said.get("weak")) == (lens != Lens())
    if lens.span:
        printed = " ".join(texts_of(first))
        assert all(number in printed for number in ("3–14", "27"))


@EVERY_KIND
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_figure_alone_counts_what_is_not_allowed(kind: PictureKind, language: Any) -> None:
    rng, count, heads = np.random.default_rng(4), 9, 2
    causal = np.tril(np.ones((count, count), bool))
    weights = rng.random((1, heads, count, count)) * causal + 0.05 * causal
    weights /= weights.sum(axis=-1, keepdims=True)
    trace = attnviz.Trace.from_weights(list("abcdefghi"), weights, allowed=causal)
    seen = attnviz.explore(trace, [(0, 0)] if kind.takes == "heads" else None, language=language)
    svg = figure_of(kind, seen)
    tiles = heads if kind.takes == "all heads" else 1
    assert pairs_said(svg, language) == tiles * count**2
    said = counted(svg, language)
    assert said.get("hatched", said.get("not_allowed")) == tiles * 36


@EVERY_KIND
@both
def test_a_figure_of_a_map_from_elsewhere_gives_account_of_every_pair(
    kind: PictureKind, seen: AttentionMap
) -> None:
    svg = figure_of(kind, attnviz.explore(seen))
    assert pairs_said(svg, "en") == seen.values.size


@EVERY_KIND
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("provenance", [True, False])
def test_a_figure_says_how_many_names_are_printed(
    kind: PictureKind, language: Any, provenance: bool
) -> None:
    count = 50
    tokens = [f"t{n:02}" for n in range(count)]
    trace = attnviz.Trace.from_weights(tokens, np.full((1, 16, count, count), 1 / count))
    seen = attnviz.explore(trace, [(0, 0), (0, 1)], language=language)
    svg = figure_of(kind, seen, Sheet(provenance=provenance))
    said = counted(svg, language)
    names = [text for text in texts_of(svg) if re.fullmatch(r"t\d\d|H\d+", text)]
    if kind.takes == "all heads":
        every, whole, sides = said.get("heads", 1), 16, 1
    else:
        every, whole = said.get("named", 1), count
        sides = {"heads": 4, "pair": 2}.get(kind.takes, 2)
    if kind.name == "highlights":
        sides, names = 1, sorted(set(names))
    if kind.name == "arcs":
        sides = 1
    assert len(names) == sides * -(-whole // every)
    assert every > 1 or kind.name == "highlights"


def test_an_overview_of_a_long_text_says_on_a_figure_alone_what_a_cell_is(minilm: Any) -> None:
    trace = attnviz.trace("one two three four five six seven eight nine ten " * 12, minilm)
    tokens = len(trace.tokens)
    for language in ("en", "zh"):
        svg = trace.overview(language=language).to_svg(sheet=Sheet())
        assert counted(svg, language)["pooled"] == -(-tokens // 64)


@pytest.mark.parametrize(
    ("tokens", "direction", "beside", "every"),
    [
        (9, "horizontal", True, 1),
        (27, "horizontal", False, 1),
        (40, "horizontal", True, 4),
        (27, "vertical", True, 1),
    ],
)
def test_panels_stand_beside_each_other_where_no_name_is_lost_by_it(
    tokens: int, direction: Any, beside: bool, every: int
) -> None:
    """On 85 mm: 27 names have room below each other, 40 in neither way."""
    places = [f"t{n:02}" for n in range(tokens)]
    trace = attnviz.Trace.from_weights(places, np.full((1, 2, tokens, tokens), 1 / tokens))
    drawn = trace.lines([(0, 0), (0, 1)], arrangement="beside", direction=direction)
    svg = drawn.to_svg(sheet=Sheet(85, 8))
    names = [text for text in texts_of(svg) if text in places]
    assert len(names) == 4 * -(-tokens // every)
    assert counted(svg, "en").get("named", 1) == every
    rows = [g for g in root_of(svg).findall(f"{SVG}g") if g.find(f"{SVG}g") is not None]
    assert bool(rows) == beside


@both
@pytest.mark.parametrize("sheet", [None, Sheet()])
def test_highlights_have_the_legend_of_their_tints(seen: AttentionMap, sheet: Sheet | None) -> None:
    svg = kinds()["highlights"].make(seen).to_svg(sheet=sheet)
    (legend,) = (g for g in root_of(svg).iter(f"{SVG}g") if g.get("class") == "legend")
    ticks = style.TICKS[seen.scale]
    inks = [rect.attrib["fill"] for rect in legend.iter(f"{SVG}rect")]
    numbers = [str(text.text).replace("−", "-") for text in legend.iter(f"{SVG}text")]
    assert [float(number) for number in numbers] == list(ticks)
    ramp = style.map_ramp(style.HEAD_CODES[0], "light", signed=seen.is_signed)
    levels = style.map_levels(np.array(ticks), signed=seen.is_signed)
    assert inks == [style.hex_of(ramp[level]) for level in levels]


@pytest.mark.parametrize(("letter", "wide"), [("x", 0.592), ("W", 0.989)])  # in DejaVu Sans
def test_a_word_longer_than_a_line_stays_on_the_sheet(letter: str, wide: float) -> None:
    title = letter * 200
    seen = AttentionMap.from_values(np.eye(2), list("ab"), title=title)
    svg = attnviz.heatmap(seen).to_svg(sheet=Sheet(85, 9))
    lines = [text for text in texts_of(svg) if letter * 2 in text]
    assert "".join(lines) == title
    assert max(map(len, lines)) * wide * 9 * POINT <= 85 - 4


@pytest.mark.parametrize("name", ["heatmap", "comparison"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_names_of_the_axes_stay_on_the_sheet_beside_short_tokens(
    name: str, language: Any
) -> None:
    trace = attnviz.Trace.from_weights(list("abc"), np.full((1, 2, 3, 3), 1 / 3))
    svg = figure_of(kinds()[name], attnviz.explore(trace, language=language), Sheet(letters=9))
    (axis,) = (text for text in root_of(svg).iter(f"{SVG}text") if "↓" in str(text.text))
    assert axis.attrib["text-anchor"] == "end"
    in_dejavu = {"query ↓": 0.635 + 0.634 + 0.615 + 0.411 + 0.592 + 0.318 + 0.838}[str(axis.text)]
    assert float(axis.attrib["x"]) >= in_dejavu * float(axis.attrib["font-size"])
