"""Every lens × combination × unit in every kind of picture; heads that are none; what is said."""

import csv
import io
import re
import xml.etree.ElementTree as ET
import zlib
from base64 import b64decode
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.analysis.combine import Combination
from attnviz.analysis.difference import most_different_beside
from attnviz.analysis.lens import Lens, Unit
from attnviz.core.intervention import Intervention
from attnviz.core.methods import Picture
from attnviz.export.numbers import COLUMNS, as_csv
from attnviz.models.load import Model
from attnviz.pictures import heatmap as heatmaps
from attnviz.pictures.packet import unpack
from attnviz.pictures.picture import percent
from attnviz.pictures.quantised import STEPS, steps_of
from attnviz.pictures.shown import shown
from attnviz.texts import LANGUAGES, Language
from tests.conftest import NOTE

SVG = "{http://www.w3.org/2000/svg}"
HEADS = [(0, 2), (2, 1), (4, 7), (5, 3)]
PIECES = "Unbelievably, the seismologist misinterpreted it."  # words of two to five pieces
COMBINATIONS: tuple[Combination | None, ...] = (None, "mean", "maximum")
UNITS: tuple[Unit, ...] = ("piece", "word")
LENSES = [
    Lens(unit=unit, hide_special=hide, renormalise=again, at_least=weak, strongest=strongest)
    for unit, hide, again, weak, strongest in product(
        UNITS, (False, True), (False, True), (0.0, 0.004), (1.0, 0.7)
    )
]


@pytest.fixture(scope="module")
def pieces(minilm: Model) -> attnviz.Trace:
    return attnviz.trace(PIECES, minilm)


@pytest.fixture(scope="module")
def changed(minilm: Model) -> attnviz.Trace:
    changes: list[Intervention] = [attnviz.HeadOff(2, 1), attnviz.TokenMasked(3)]
    return attnviz.trace(NOTE, minilm, interventions=changes)


def by_hand(trace: attnviz.Trace, heads: list[tuple[int, int]], lens: Lens, how: Any) -> np.ndarray:
    """Merged, hidden, renormalised head by head, then combined: with loops, in float64."""
    groups: list[list[int]] = []
    for token in trace.tokens:
        last = trace.tokens[groups[-1][-1]] if groups else None
        joins = lens.unit == "word" and last is not None and last.word is not None
        if joins and last is not None and last.word == token.word:
            groups[-1].append(token.position)
        else:
            groups.append([token.position])
    if lens.hide_special:
        groups = [group for group in groups if not trace.tokens[group[0]].is_special]
    maps = []
    for head in heads:
        w = trace.weights(head).astype(float)
        table = np.array([[w[np.ix_(q, k)].sum() / len(q) for k in groups] for q in groups])
        if lens.hide_special and lens.renormalise:
            table /= table.sum(axis=1, keepdims=True)
        maps.append(table)
    stack = np.stack(maps)
    return np.asarray(stack.max(axis=0) if how == "maximum" else stack.mean(axis=0))


@pytest.mark.parametrize("how", COMBINATIONS)
@pytest.mark.parametrize("lens", LENSES, ids=repr)
def test_what_is_drawn_is_a_weight_from_0_to_1_everywhere(
    pieces: attnviz.Trace, lens: Lens, how: Combination | None
) -> None:
    heads = HEADS if how else HEADS[:1]
    (one,) = shown(pieces, heads, lens, how)
    view = one.map
    expected = by_hand(pieces, heads, lens, how)
    np.testing.assert_allclose(view.values, expected, atol=1e-6)
    assert ((view.values >= 0) & (view.values <= 1)).all()
    # the page: the heatmap, and the lines
    drawn = np.asarray(heatmaps.draw(one).figure.data[0].z, float)
    assert np.nanmin(drawn) >= 0
    assert np.nanmax(drawn) <= 1
    lines = attnviz.lines(pieces, heads, lens, combination=how)
    assert lines.weight.max() <= 1
    np.testing.assert_allclose(lines.weight, expected[lines.query, lines.key], atol=1e-6)
    # SVG
    opacities = re.findall(r'stroke-opacity="([\d.]+)"', lines.to_svg())
    assert all(0 < float(opacity) <= 1 for opacity in opacities)
    # HTML: what is stored is the weight
    stored = steps_of(one)[view.shown] / STEPS
    np.testing.assert_allclose(stored, expected[view.shown], atol=1.1 / STEPS)
    # CSV
    rows = list(csv.DictReader(io.StringIO(_table(as_csv([one])))))
    assert all(0 <= float(row["weight"]) <= 1 for row in rows)


def _table(text: str) -> str:
    """A CSV from its row of names on."""
    return text[text.index(",".join(COLUMNS)) :]


@pytest.mark.parametrize("lens", LENSES, ids=repr)
def test_a_maximum_is_the_largest_of_the_pictures_of_its_heads(
    pieces: attnviz.Trace, lens: Lens
) -> None:
    (together,) = shown(pieces, HEADS, lens, "maximum")
    alone = np.stack([one.map.values for one in shown(pieces, HEADS, lens)])
    np.testing.assert_array_equal(together.map.values, alone.max(axis=0))


@pytest.mark.parametrize("how", COMBINATIONS)
@pytest.mark.parametrize("lens", LENSES, ids=repr)
def test_shares_that_are_said_are_shares(
    pieces: attnviz.Trace, lens: Lens, how: Combination | None
) -> None:
    """Of a whole row, whatever it sums to: never above 1."""
    (one,) = shown(pieces, HEADS if how else HEADS[:1], lens, how)
    view, withheld = one.map, one.map.withheld
    drawn = view.share(view.shown)
    assert 0 <= withheld.weak_share <= 1 - drawn + 1e-5
    assert 0 <= withheld.special_share <= 1
    if how != "maximum":
        hidden = 0.0 if withheld.renormalised else withheld.special_share
        assert drawn + withheld.weak_share + hidden == pytest.approx(1, abs=1e-5)
    said = " ".join(one.notes("en"))
    assert (f"together {percent(withheld.weak_share)}" in said) == (withheld.weak_hidden > 0)


def test_faint_lines_of_a_maximum_are_a_share_of_its_rows() -> None:
    tokens = [f"t{i}" for i in range(600)]
    weights = np.full((1, 2, 600, 600), 0.003, np.float32)
    trace = attnviz.Trace.from_weights(tokens, weights)
    meta, _ = unpack(attnviz.lines(trace, [(0, 0), (0, 1)], combination="maximum").packet)
    assert "together 100.0 % of each row" in " ".join(meta["heads"][0]["notes"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_renormalised_maximum_says_what_its_rows_are(
    pieces: attnviz.Trace, language: Language
) -> None:
    lens = Lens(hide_special=True, renormalise=True)
    (maximum,) = shown(pieces, HEADS, lens, "maximum")
    (mean,) = shown(pieces, HEADS, lens, "mean")
    sums_to_one = {"en": "what is left sums to 1", "zh": "剩余部分之和为 1"}[language]
    assert (maximum.map.values.sum(axis=1) > 1.01).any()
    assert sums_to_one not in " ".join(maximum.notes(language))
    assert sums_to_one in " ".join(mean.notes(language))
    np.testing.assert_allclose(mean.map.values.sum(axis=1), 1, atol=1e-5)


def test_a_number_in_a_file_is_the_weight_to_the_digits_shown(note: attnviz.Trace) -> None:
    for one in shown(note, note.heads[:12]) + shown(note, note.heads[60:]):
        stored = (steps_of(one) / STEPS).astype(np.float32)
        for weight, found in zip(one.map.values.ravel(), stored.ravel(), strict=True):
            for decimals in (2, 3, 4):
                assert f"{found:.{decimals}f}" == f"{weight:.{decimals}f}"


# ---- heads that are none

MISSING = [(6, 0), (0, 12), (-1, 0), (0, -1), (-6, -12), (99, 99)]
ASKED: dict[str, Callable[[attnviz.Trace, tuple[int, int]], object]] = {
    "heatmap": lambda trace, head: attnviz.heatmap(trace, head),
    "lines": lambda trace, head: attnviz.lines(trace, [(0, 0), head]),
    "combined": lambda trace, head: attnviz.lines(trace, [(0, 0), head], combination="mean"),
    "explore": lambda trace, head: attnviz.explore(trace, [(0, 0), head]),
    "overview": lambda trace, head: attnviz.overview(trace).packet((0, 0), head),
    "shown": lambda trace, head: shown(trace, [head]),
    "trace.heatmap": lambda trace, head: trace.heatmap(head),
    "trace.lines": lambda trace, head: trace.lines([head]),
    "trace.explore": lambda trace, head: trace.explore([head]),
    "weights": lambda trace, head: trace.weights(head),
    "scores": lambda trace, head: trace.scores(head),
    "contribution": lambda trace, head: trace.contribution(head),
    "output_projection": lambda trace, head: trace.output_projection(head),
    "input_projection": lambda trace, head: trace.input_projection(head, "query"),
    "beside": lambda trace, head: most_different_beside(trace, head),
}


@pytest.mark.parametrize("head", MISSING)
@pytest.mark.parametrize("name", ASKED)
def test_a_head_that_is_none_gets_the_sentence(
    note: attnviz.Trace, name: str, head: tuple[int, int]
) -> None:
    with pytest.raises(attnviz.InterventionError) as found:
        ASKED[name](note, head)
    said = f"There is no head L{head[0]}·H{head[1]}: the model has 6 layers of 12 heads"
    assert found.value.text("en").startswith(said)
    assert "没有头" in found.value.text("zh")


@pytest.mark.parametrize("head", [(1, 0), (0, 2), (-1, 0), (0, -1)])
def test_given_weights_have_their_own_heads(head: tuple[int, int]) -> None:
    trace = attnviz.Trace.from_weights(["a", "b"], np.full((1, 2, 2, 2), 0.5))
    for ask in (ASKED["weights"], ASKED["heatmap"], ASKED["lines"], ASKED["overview"]):
        with pytest.raises(attnviz.InterventionError, match="1 layer of 2 heads"):
            ask(trace, head)


@pytest.mark.parametrize("layer", [-1, 6, 99])
@pytest.mark.parametrize(
    "name",
    [
        "queries",
        "keys",
        "values",
        "layer_weights",
        "head_output",
        "attention_output",
        "after_attention",
    ],
)
def test_a_layer_that_is_none_gets_a_sentence(note: attnviz.Trace, name: str, layer: int) -> None:
    with pytest.raises(attnviz.InterventionError, match=f"no layer {layer}: the model has 6"):
        getattr(note, name)(layer)


@pytest.mark.parametrize("depth", [-1, 7])
def test_a_depth_that_is_none_gets_a_sentence(note: attnviz.Trace, depth: int) -> None:
    assert note.residual(6).shape == note.residual(0).shape
    with pytest.raises(attnviz.InterventionError, match=f"depth {depth}: .* from 0 to 6"):
        note.residual(depth)


# ---- what pictures say of themselves


def svg_text(svg: str) -> tuple[str, str]:
    """What an SVG file shows as text, and its description."""
    root = ET.fromstring(svg)  # noqa: S314
    words = " ".join("".join(one.itertext()) for one in root.iter(f"{SVG}text"))
    return words, str(root.findtext(f"{SVG}desc"))


def meta_of(page: str) -> dict[str, Any]:
    (packed,) = re.findall(r'data-packet="(.*?)"', page)
    return unpack(zlib.decompress(b64decode(packed)))[0]


def test_what_was_changed_stands_on_every_picture(
    changed: attnviz.Trace, note: attnviz.Trace
) -> None:
    off, masked = "HeadOff(layer=2, head=1)", "TokenMasked(position=3)"
    heatmap = attnviz.heatmap(changed, (0, 2))
    overview = attnviz.overview(changed)
    lines = attnviz.lines(changed, [(0, 2)])
    explorer = attnviz.explore(changed, [(0, 2)])
    drawings: list[Picture] = [heatmap, overview, lines, explorer]
    packets = [unpack(overview.packet())[0], unpack(lines.packet)[0], meta_of(explorer.to_html())]
    said = {
        "Plotly": heatmap.figure.layout.title.subtitle.text.replace("<br>", " "),
        "alt of the heatmap": heatmap.alt,
        "alt of the lines": lines.alt,
        "alt of the explorer": explorer.alt,
        **{f"alt of packet {i}": str(meta["alt"]) for i, meta in enumerate(packets)},
        "note of the overview": packets[0]["note"],
        "notes of the lines": " ".join(packets[1]["heads"][0]["notes"]),
        "notes of a map": " ".join(packets[2]["maps"][0]["map_notes"]),
        **{
            f"SVG {i} {part}": text
            for i, drawn in enumerate(drawings)
            for part, text in zip(("text", "desc"), svg_text(drawn.to_svg()), strict=True)
        },
    }
    missing = [name for name, text in said.items() if off not in text or masked not in text]
    assert not missing
    assert "Changed" not in attnviz.heatmap(note, (0, 2)).alt + attnviz.overview(note).to_svg()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_changed_stands_on_every_panel_of_every_chapter(
    minilm: Model, language: Language
) -> None:
    trace = attnviz.trace("The cat sat.", minilm, interventions=[attnviz.HeadOff(2, 1)])
    for chapter in attnviz.chapters():
        figure = chapter.figure(trace, chapter.scene(trace, language=language))
        for name, panel in figure.panels.items():
            assert "HeadOff(layer=2, head=1)" in panel.alt, (chapter.name, name)


def test_a_plotly_figure_says_what_its_lens_hides(note: attnviz.Trace) -> None:
    lens = Lens(hide_special=True, at_least=0.004)
    figure = attnviz.heatmap(note, (0, 2), lens).figure
    said = figure.layout.title.subtitle.text.replace("<br>", " ")
    for text in ("25 × 25", "2 special tokens hidden", "below 0.004", "33 stops"):
        assert text in said
    assert figure.layout.margin.t > attnviz.heatmap(note, (0, 2)).figure.layout.margin.t


def test_real_sizes_and_steps_are_in_text_alternatives(pieces: attnviz.Trace) -> None:
    tokens, lens = len(pieces.tokens), Lens(unit="word")
    words = len(shown(pieces, [(0, 2)], lens)[0].map.rows)
    assert words < tokens
    assert f"{words} × {words} weights" in attnviz.heatmap(pieces, (0, 2), lens).alt
    assert f"{words} queries, {words} keys" in attnviz.lines(pieces, [(0, 2)], lens).alt
    explorer = attnviz.explore(pieces, [(0, 2)], lens)
    size = f"{words} × {words} cells for {words} × {words} weights"
    assert size in explorer.alt == meta_of(explorer.to_html())["alt"]
    for alt in (explorer.alt, unpack(attnviz.overview(pieces).packet())[0]["alt"]):
        assert "255 steps" in alt
    assert "steps of 1/255" in attnviz.lines(pieces, [(0, 2)]).alt


def test_blocks_of_a_long_text_are_in_the_text_alternative(minilm: Model) -> None:
    trace = attnviz.trace("the cat sat on " * 25, minilm)
    size = f"64 × 64 cells for {len(trace.tokens)} × {len(trace.tokens)} weights"
    drawn = attnviz.overview(trace)
    assert size in unpack(drawn.packet())[0]["alt"]
    assert size in svg_text(drawn.to_svg())[1]
    assert "up to 2 × 2 = 4 weights in each cell" in unpack(drawn.packet())[0]["alt"]


def test_svgs_state_their_steps(note: attnviz.Trace) -> None:
    words, _ = svg_text(attnviz.heatmap(note, (0, 2)).to_svg())
    assert "27 × 27" in words
    assert "255 steps" in words
    words, _ = svg_text(attnviz.lines(note, [(0, 2), (1, 8)]).to_svg())
    assert words.count("steps of 1/255") == 1
    assert "(0.75 + 2.25 × weight) × 0.25 mm" in words
