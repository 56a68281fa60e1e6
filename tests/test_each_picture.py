"""Pictures: what every kind must do, on paper and in its records."""

import re
import shutil
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import AttentionMap
from attnviz.__main__ import main
from attnviz.core.methods import Picture
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.pictures import style
from attnviz.pictures.arcs import MOST_PLACES, arcs
from attnviz.pictures.highlights import highlights
from attnviz.pictures.kinds import PictureKind, kinds
from attnviz.pictures.packet import unpack
from attnviz.pictures.scripts import javascript
from attnviz.share.state import VIEWS
from attnviz.texts import LANGUAGES, Language, say
from attnviz.ui.server import first_paint
from tests.test_maps import SVG, both, drawn_of, lines_in

ROOT = Path(attnviz.__file__).parent
EACH = [pytest.param(kind, id=name) for name, kind in kinds().items()]
each = pytest.mark.parametrize("kind", EACH)
HOSTILE = ["<img src=x onerror=alert(1)>", "</script><b>", "&lt;", "\"'`", "{names}", "\u202egnp"]
Strokes = dict[tuple[int, int], tuple[str, float]]  # ink and opacity, by query and key


def picture_of(kind: PictureKind, drawn: Trace | AttentionMap, language: str = "en") -> Picture:
    """The first picture of a kind, as Save and the command make it."""
    seen = attnviz.explore(drawn, language=language)  # type: ignore[arg-type]
    return next(iter(kind.pictures(seen).values()))()


def arcs_in(paths: list[tuple[str, str, float]], labels: list[float], first: int) -> Strokes:
    """The arcs of paths (d, ink, opacity): each from the label nearest to where it begins."""
    found: Strokes = {}

    for d, ink, opacity in paths:
        for ends in re.findall(r"M([\d.]+) [\d.]+A[\d.]+ [\d.]+ 0 0 [01] ([\d.]+) ", d):
            row, column = (int(np.argmin([abs(float(end) - at) for at in labels])) for end in ends)
            assert (row, column - first) not in found, "no arc twice"
            found[row, column - first] = ink, opacity
    return found


def arcs_on_paper(picture: str, seen: AttentionMap) -> Strokes:
    root = ET.fromstring(picture)  # noqa: S314
    turned = [t.get("transform", "") for t in root.iter(f"{SVG}text")]
    labels = [float(re.findall(r"[\d.]+", t)[0]) for t in turned if "rotate(-90)" in t]
    paths = [
        (path.attrib["d"], path.attrib["stroke"], float(path.attrib["stroke-opacity"]))
        for path in root.iter(f"{SVG}path")
        if path.get("class") == "arc"
    ]
    return arcs_in(paths, labels, 0 if seen.rows == seen.columns else len(seen.rows))


def lines_on_paper(picture: str, seen: AttentionMap) -> Strokes:
    return lines_in(picture, seen, vertical=False)


# How the values of a map are read back from paper: lines with their ink, or cells with theirs.
STROKES: dict[str, Callable[[str, AttentionMap], Strokes]] = {
    "lines": lines_on_paper,
    "explore": lines_on_paper,
    "arcs": arcs_on_paper,
}
CELLS = ("overview", "heatmap", "comparison")
TINTS = ("highlights",)


def cells_on_paper(picture: str, seen: AttentionMap) -> tuple[np.ndarray, np.ndarray]:
    """The ink of each cell, and which are hatched."""
    (group,) = (
        g
        for g in ET.fromstring(picture).iter(f"{SVG}g")  # noqa: S314
        if g.get("class") == "cells"
    )
    inks = np.full(seen.values.shape, "", dtype=object)
    denied = np.zeros(seen.values.shape, bool)
    for path in group.findall(f"{SVG}path"):
        for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1", path.attrib["d"]):
            at = (int(y), slice(int(x), int(x) + int(wide)))
            if path.get("class") == "denied":
                denied[at] = True
            else:
                inks[at] = path.attrib["fill"]
    return inks, denied


def tints_on_paper(picture: str, seen: AttentionMap) -> tuple[np.ndarray, np.ndarray]:
    """The ink below each key of each query's text, and which are hatched."""
    inks = np.full(seen.values.shape, "", dtype=object)
    denied = np.zeros(seen.values.shape, bool)
    root = ET.fromstring(picture)  # noqa: S314
    queries = [g for g in root.iter(f"{SVG}g") if g.get("class") == "query"]
    assert len(queries) == len(seen.rows)
    (text,) = {use.attrib["href"] for use in root.iter(f"{SVG}use")}
    (names,) = (g for g in root.iter(f"{SVG}g") if g.get("id") == text.removeprefix("#"))
    assert [name.text for name in names] == [place.text for place in seen.columns]
    places = [(float(name.attrib["x"]), float(name.attrib["y"])) for name in names]
    size = float(names[0].attrib["font-size"])

    def beginning_at(x: float, y: float) -> int:
        """The key whose name begins there."""
        (column,) = (n for n, at in enumerate(places) if at == pytest.approx((x, y), abs=0.01))
        return column

    for row, query in enumerate(queries):
        label, *elements = query
        assert label.text == seen.rows[row].text
        (used,) = query.findall(f"{SVG}use")
        for path in query.findall(f"{SVG}path"):
            ink = path.attrib["stroke"]
            for x, y in re.findall(r"M([\d.]+) ([\d.]+)h", path.attrib["d"]):
                column = beginning_at(float(x) + 2, float(y) + 0.35 * size)
                assert not inks[row, column]
                assert not denied[row, column]
                denied[row, column] = ink.startswith("url")
                inks[row, column] = "" if denied[row, column] else ink
        for name in elements[elements.index(used) + 1 :]:  # in an ink that can be read there
            column = places.index((float(name.attrib["x"]), float(name.attrib["y"])))
            assert name.text == seen.columns[column].text
            assert name.attrib["fill"] == style.text_on(inks[row, column])
        for column, ink in enumerate(inks[row]):
            over = [n for n in elements if n.get("x") == names[column].get("x")]
            over = [n for n in over if n.get("y") == names[column].get("y")]
            assert bool(over) == bool(ink and style.text_on(ink) != root.attrib["fill"])
    return inks, denied


def test_every_picture_is_found_and_held() -> None:
    assert {"explore", "lines", "overview", "heatmap", "arcs"} <= set(kinds())
    assert set(kinds()) == {*STROKES, *CELLS, *TINTS}, "each is read back from paper in this file"


@each
def test_its_names_come_from_its_record(kind: PictureKind) -> None:
    assert getattr(attnviz, kind.name) is kind.make
    assert kind.name in attnviz.__all__
    assert getattr(Trace, kind.name) is kind.make
    assert kind.make.__doc__
    for language in LANGUAGES:
        assert say(kind.title, language)
        assert not kind.view or say(f"share.view_{kind.view}", language)
    assert not kind.view or kind.view in VIEWS
    assert not kind.is_folded or (kind.draws_shown and kind.view), "a part of the page"


@each
@both
def test_on_paper_it_is_the_map(kind: PictureKind, seen: AttentionMap) -> None:
    made = picture_of(kind, seen).to_svg()
    code = style.HEAD_CODES[0]
    if kind.name in STROKES:
        found, expected = STROKES[kind.name](made, seen), drawn_of(seen)
        assert found.keys() == expected.keys()
        for at, (ink, opacity) in found.items():
            assert abs(opacity - abs(expected[at])) < 0.53 / 255
            assert ink == (style.MINUS if expected[at] < 0 else code).light
        return
    inks, denied = (tints_on_paper if kind.name in TINTS else cells_on_paper)(made, seen)
    np.testing.assert_array_equal(denied, seen.denied)
    plain = kind.name == "overview" and not seen.is_signed
    shade = style.INK_PAINT if plain else code
    ramp = style.map_ramp(shade, "light", signed=seen.is_signed)
    levels = style.map_levels(seen.values, signed=seen.is_signed)
    for at, level in np.ndenumerate(levels):
        if not denied[at] and inks[at]:
            assert inks[at] == "#{:02x}{:02x}{:02x}".format(*map(int, ramp[level]))
        else:
            assert denied[at] or level == (127 if seen.is_signed else 0)


@each
@both
def test_a_line_is_as_wide_as_the_style_says(kind: PictureKind, seen: AttentionMap) -> None:
    root = ET.fromstring(picture_of(kind, seen).to_svg())  # noqa: S314
    lines = [path for path in root.iter(f"{SVG}path") if "stroke-opacity" in path.attrib]
    assert bool(lines) == (kind.name in STROKES)
    for line in lines:
        width = style.line_width(float(line.attrib["stroke-opacity"]))
        assert float(line.attrib["stroke-width"]) == pytest.approx(width, rel=0.01)


@each
@both
def test_it_says_in_words_what_it_shows_in_both_languages(
    kind: PictureKind, seen: AttentionMap
) -> None:
    alts = set()
    for language in LANGUAGES:
        drawn = picture_of(kind, seen, language)
        cells = int(seen.denied.sum())
        notes = (say("map.no_value", language, cells=cells), say("overview.hatched", language))
        (said,) = re.findall(r"<desc>(.*?)</desc>", drawn.to_svg(), re.DOTALL)
        (unseen,) = re.findall(r"<noscript>(.*?)</noscript>", drawn.to_html(), re.DOTALL)
        assert seen.title is not None
        for alt in (unescape(said), unescape(unseen)):
            assert seen.title.text(language) in alt
            assert seen.allowed is None or any(note in alt for note in notes)
        alts.add(said)
    assert len(alts) == len(LANGUAGES)


@each
def test_a_token_stays_text(kind: PictureKind) -> None:
    count = len(HOSTILE)
    weights = np.full((1, 2, count, count), 1 / count)
    trace = attnviz.Trace.from_weights(HOSTILE, weights, title="<b>a model</b>")
    drawn = picture_of(kind, trace)
    tags = {tag.tag.removeprefix(SVG) for tag in ET.fromstring(drawn.to_svg()).iter()}  # noqa: S314
    assert tags <= {
        *("svg", "title", "desc", "metadata", "g", "rect", "path", "line", "text"),
        *("defs", "pattern", "use"),
    }
    page = drawn.to_html()
    assert page.count("<script>") == page.count("</script>") == 1
    assert "<img" not in page
    assert "<b>" not in page
    assert drawn._repr_html_().startswith("<iframe srcdoc=")


@each
def test_there_is_room_or_a_sentence(kind: PictureKind) -> None:
    places = 1 + (kind.most_places or MOST_PLACES)
    seen = AttentionMap.from_values(
        np.full((places, places), 1 / places), list("a" * places), title="large"
    )
    explorer = attnviz.explore(seen)
    if kind.most_places is None:
        assert all(make().to_svg() for make in kind.pictures(explorer).values())
        return
    assert not kind.pictures(explorer), "Save does not offer it"
    for language in LANGUAGES:
        with pytest.raises(ArgumentError) as refused:
            kind.make(seen, language=language)
        assert str(places) in refused.value.text(language)
        assert str(kind.most_places) in refused.value.text(language)
    fits = AttentionMap.from_values(np.eye(places - 1), list("a" * (places - 1)), title="fits")
    assert kind.make(fits).to_svg()


@each
def test_the_command_draws_it(
    kind: PictureKind, note: attnviz.Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attnviz, "trace", lambda *_, **__: note)
    file = tmp_path / "made.svg"
    heads = [(2, 1), (1, 8)] if kind.takes == "pair" else [(2, 1)]
    asked = [part for layer, head in heads for part in ("--head", f"{layer}.{head}")]
    assert main(["it", "--picture", kind.name, *asked, "-o", str(file)]) == 0
    expected = kind.pictures(attnviz.explore(note, heads))
    assert file.read_text("utf-8") == next(iter(expected.values()))().to_svg()


def test_the_command_says_that_a_picture_takes_one_head(
    note: attnviz.Trace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(attnviz, "trace", lambda *_, **__: note)
    file = str(tmp_path / "made.svg")
    assert main(["it", "--picture", "arcs", "--head", "0.2", "--head", "1.8", "-o", file]) == 2
    assert "“arcs” shows one head; ask for one, not for 2." in capsys.readouterr().err
    assert main(["it", "--picture", "arcs", "-o", file]) == 0, "one of the two most different"


@pytest.mark.parametrize("language", LANGUAGES)
@each
def test_its_recipe_makes_it_again(kind: PictureKind, language: Language) -> None:
    trace = attnviz.Trace.from_weights(list("abc"), np.full((1, 2, 3, 3), 1 / 3))
    svg = picture_of(kind, trace, language).to_svg()
    (again,) = re.findall(r'"again": "(.*?)"\}', unescape(svg), re.DOTALL)
    *before, last = again.encode().decode("unicode_escape").split("\n")
    names = {"weights": trace.layer_weights(0)[None]}
    exec("\n".join(before), names)  # noqa: S102 (our own file's own words)
    made: Picture = eval(last, names)  # noqa: S307
    assert made.to_svg() == svg


@pytest.mark.skipif(shutil.which("node") is None, reason="node reads the scripts where it is")
@each
def test_its_script_can_be_read(kind: PictureKind, tmp_path: Path) -> None:
    script = tmp_path / "script.js"
    script.write_text(javascript([kind.script.name]), encoding="utf-8")
    assert f"function {kind.script.draw}(stage)" in script.read_text("utf-8")
    subprocess.run(["node", "--check", str(script)], check=True, capture_output=True)


# ---- arcs


@both
def test_the_packet_of_arcs_holds_the_map(seen: AttentionMap) -> None:
    meta, arrays = unpack(arcs(seen).packet)
    ends = zip(arrays["query"].tolist(), arrays["key"].tolist(), strict=True)
    assert dict(zip(ends, arrays["weight"].tolist(), strict=True)) == drawn_of(seen)
    assert meta["joined"] == (seen.rows == seen.columns)
    assert ("The queries come first" in meta["words"]["direction"]) != meta["joined"]


# ---- one look

LITERAL = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsl|oklch)\(\s*\d|\b(?:255|127|65_?534|0\.75|2\.25)\b|\b0xff\b"
)
NAMED = re.compile(r"""["'](?:black|white|gr[ae]y|red|green|blue|orange|yellow|purple)["']""")
SHADOW = "rgb(0 0 0 / 0.18)"  # below a lens: no colour of anything drawn


@pytest.mark.parametrize("ending", ["js", "css"])
def test_scripts_and_style_sheets_hold_no_colour_and_no_step_of_their_own(ending: str) -> None:
    files = [file for part in ("pictures", "ui") for file in (ROOT / part).rglob(f"*.{ending}")]
    assert len(files) > 5
    assert ending == "js" or "page.css" in {file.name for file in files}
    found = {
        (file.name, literal)
        for file in files
        for literal in LITERAL.findall(
            re.sub(r"//.*|/\*.*?\*/", "", file.read_text("utf-8")).replace(SHADOW, "")
        )
    }
    assert not found


def test_no_script_names_a_colour() -> None:
    files = [file for part in ("pictures", "ui") for file in (ROOT / part).rglob("*.js")]
    assert NAMED.search('style.background = "black"'), "the scan sees one"
    assert not [file.name for file in files if NAMED.search(file.read_text("utf-8"))]


def test_no_other_module_of_pictures_writes_a_colour() -> None:
    homes = {"style.py", "colour.py"}
    colour = re.compile(r"""["'(]#[0-9a-fA-F]{6}\b""")
    files = [f for f in (ROOT / "pictures").rglob("*.py") if f.name not in homes]
    assert not [f.name for f in files if colour.search(f.read_text("utf-8"))]


@pytest.mark.parametrize("mode", style.MODES)
def test_the_theme_of_the_app_has_the_colours_of_the_pictures(mode: style.Mode) -> None:
    """Streamlit reads its theme before any of our code runs, so the file repeats them."""
    config = tomllib.loads((ROOT.parent / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["theme"][mode] == {
        "primaryColor": getattr(style.HEAD_CODES[0], mode),
        "backgroundColor": style.PAPER[mode],
        "secondaryBackgroundColor": style.WASH[mode],
        "textColor": style.INK[mode],
        "borderColor": style.RULE[mode],
    }


def test_no_rule_asks_what_is_anywhere_on_the_page() -> None:
    """Of a whole page `:has` is asked anew at each of its changes: it cost 13 ms a head."""
    element = first_paint.style_element()
    assert ":has(" in element
    assert not re.findall(r"(?:body|html|\.stMain\w*):has\(", element)


def test_every_colour_of_the_pages_is_given_to_them() -> None:
    element = first_paint.style_element()
    given = dict(re.findall(r"--(\w+): (light-dark\(.*?\));", element))
    assert given["faint"] == f"light-dark({style.FAINT_INK['light']}, {style.FAINT_INK['dark']})"
    assert given["paper"] == f"light-dark({style.PAPER['light']}, {style.PAPER['dark']})"
    used = set(re.findall(r"var\(--(?!attnviz-)([\w-]+)\)", element))  # attnviz-… are sizes
    assert {"faint", "paper"} <= used <= given.keys()


def test_the_icon_is_in_the_colours_of_the_pictures() -> None:
    icon = (ROOT / "ui" / "assets" / "icon.svg").read_text("utf-8")
    a, b = (code.light for code in style.HEAD_CODES[:2])
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}", icon)) == {style.PAPER["light"], a, b}


def test_each_script_is_told_the_look() -> None:
    told = javascript(["lines"])
    for mode in style.MODES:
        assert style.FAINT_INK[mode] in told
    assert f'"thinnest": {style.THINNEST}' in told


PINS = ("q3", "k1", "q0")
PINNED_MAP = AttentionMap.from_values(
    np.random.default_rng(0).dirichlet(np.ones(6), 6), list("abcdef"), title="drawn"
)


def test_on_paper_only_the_arcs_of_what_is_pinned_are_drawn() -> None:
    made = arcs(PINNED_MAP, pins=PINS).to_svg()
    wanted = {at for at in drawn_of(PINNED_MAP) if at[0] in (3, 0) or at[1] == 1}
    assert arcs_on_paper(made, PINNED_MAP).keys() == wanted
    assert "what is pinned" in made
    assert "what is pinned" not in arcs(PINNED_MAP).to_svg()


def texts_in(picture: str) -> list[list[str]]:
    """The label of each text on paper, then its tints."""
    root = ET.fromstring(picture)  # noqa: S314 (our own)
    queries = [g for g in root.iter(f"{SVG}g") if g.get("class") == "query"]
    return [
        [str(label.text), *(f"{p.get('stroke')} {p.get('d')}" for p in rest if p.get("d"))]
        for label, *rest in queries
    ]


def test_on_paper_only_the_text_of_what_is_pinned_is_tinted() -> None:
    rows = texts_in(highlights(PINNED_MAP).to_svg())
    turned = AttentionMap.from_values(PINNED_MAP.values.T, list("abcdef"), title="turned")
    columns = texts_in(highlights(turned).to_svg())
    assert texts_in(highlights(PINNED_MAP, pins=["q3"]).to_svg()) == [rows[3]]
    expected = [["#1 d", *rows[3][1:]], ["#2 b", *columns[1][1:]], ["#3 a", *rows[0][1:]]]
    assert texts_in(highlights(PINNED_MAP, pins=PINS).to_svg()) == expected


@pytest.mark.parametrize("kind", [one for one in kinds().values() if one.takes_pins])
def test_save_draws_what_is_pinned_and_its_recipe_draws_it_again(
    kind: PictureKind, note: attnviz.Trace
) -> None:
    seen = attnviz.explore(note, [(2, 1), (1, 8)], pins=["q3", "k10"])
    picture: Any = next(iter(kind.pictures(seen).values()))()
    found: dict[str, Any] = {"attnviz": attnviz, "trace": note}
    again = picture.recipe.text.splitlines()[-1]
    exec(f"again = {again}", found)  # noqa: S102 (our own)
    assert found["again"].to_svg() == picture.to_svg()
    assert unpack(picture.packet)[0]["pins"] == ["q3", "k10"]
    with pytest.raises(ArgumentError, match="no token that can be pinned"):
        kind.make(note, seen.heads if kind.takes == "pair" else (2, 1), pins=["q99"])


@pytest.mark.parametrize("name", ["heatmap", "comparison"])
def test_on_paper_the_row_and_the_column_of_what_is_pinned_are_framed(
    name: str, note: attnviz.Trace
) -> None:
    seen = attnviz.explore(note, [(2, 1), (1, 8)], pins=["q3", "k10"])
    picture: Any = next(iter(kinds()[name].pictures(seen).values()))()
    root = ET.fromstring(picture.to_svg())  # noqa: S314 (our own)
    frames = [rect.attrib for rect in root.iter(f"{SVG}rect") if rect.get("class") == "pinned"]
    (cells,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "cells"]
    x, y, step = map(float, re.findall(r"[\d.]+", cells.attrib["transform"]))
    found = [[float(one[side]) for side in ("x", "y", "width", "height")] for one in frames]
    row, column = [x, y + 3 * step, 27 * step, step], [x + 10 * step, y, step, 27 * step]
    np.testing.assert_allclose(found, [row, column], atol=0.01)
    assert "Framed: will (3) (query), application (10) (key)." in " ".join(root.itertext())
    plain = attnviz.explore(note, [(2, 1), (1, 8)])
    unpinned: Any = next(iter(kinds()[name].pictures(plain).values()))()
    assert 'class="pinned"' not in unpinned.to_svg()


def test_on_paper_the_tiles_of_chosen_heads_are_framed_as_these_are_drawn(
    note: attnviz.Trace,
) -> None:
    seen = attnviz.explore(note, [(2, 1), (1, 8)])
    (make,) = kinds()["overview"].pictures(seen).values()
    picture: Any = make()
    assert picture._recipe.text.endswith("attnviz.overview(trace, [(2, 1), (1, 8)])")
    root = ET.fromstring(picture.to_svg())  # noqa: S314 (our own)
    frames = [path for path in root.iter(f"{SVG}path") if path.get("class") == "framed"]
    (cells,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "cells"]
    x, y, step = map(float, re.findall(r"[\d.]+", cells.attrib["transform"]))
    tiles = [rect for rect in cells.iter(f"{SVG}rect") if rect.get("fill") == "none"]
    for frame, code, (layer, head) in zip(frames, style.HEAD_CODES, seen.heads, strict=False):
        assert frame.attrib["stroke"] == code.light
        left, top, wide, *_ = map(float, re.findall(r"-?[\d.]+", frame.attrib["d"]))
        tile = tiles[12 * layer + head].attrib
        assert (left, top) == pytest.approx(
            (x + step * float(tile["x"]), y + step * float(tile["y"])), abs=0.01
        )
        assert wide == pytest.approx(step * float(tile["width"]), abs=0.01)
    assert len(frames) == 2
    assert "framed" not in attnviz.overview(note).to_svg()
