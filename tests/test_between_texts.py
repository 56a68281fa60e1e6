"""A pair of texts: where the second one begins, how much goes where, and one direction alone."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from transformers import AutoTokenizer

import attnviz
from attnviz import Lens
from attnviz.analysis.between_texts import between_texts
from attnviz.analysis.difference import row_divergences
from attnviz.analysis.lens import Between
from attnviz.command import draw as command
from attnviz.errors import CaptureError
from attnviz.models import catalogue
from attnviz.models.load import Model
from attnviz.pictures.arcs import arcs
from attnviz.pictures.comparison import comparison
from attnviz.pictures.comparison import draw as draw_comparison
from attnviz.pictures.differences import pair_shown
from attnviz.pictures.highlights import highlights
from attnviz.pictures.packet import unpack
from attnviz.pictures.picture import percent
from attnviz.share.state import EXPLORE, from_link, to_link
from attnviz.texts import LANGUAGES
from tests.test_page import page as page  # a fixture
from tests.test_page import typed
from tests.tiny_families import opened, saved_family

A, B = "The cat sat on the mat", "It was a black cat"
HEAD = (1, 8)
ONE_WAY: tuple[Between, ...] = get_args(Between)[1:]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pair(minilm: Model) -> attnviz.Trace:
    return attnviz.trace(A, minilm, B)


@pytest.fixture(scope="module")
def types(minilm: Model) -> np.ndarray:
    """The type id of each token, by transformers' own tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(catalogue.find(minilm.name).folder)
    return np.array(tokenizer(A, B)["token_type_ids"])


def block(types: np.ndarray, between: Between) -> np.ndarray:
    looks, seen = ("ab".index(name) for name in between.split("_to_"))
    return np.asarray((types[:, None] == looks) & (types[None] == seen))


def test_special_tokens_are_of_the_text_that_the_tokenizer_says(
    pair: attnviz.Trace, types: np.ndarray
) -> None:
    assert [token.segment for token in pair.tokens] == types.tolist()
    assert [n for n, token in enumerate(pair.tokens) if token.is_special] == [0, 7, 13]
    assert types[[0, 7, 13]].tolist() == [0, 0, 1]
    said = attnviz.heatmap(pair, HEAD).alt
    assert "A has [CLS] (0), [SEP] (7); B has [SEP] (13)" in said


def test_shares_are_those_of_a_slow_sum(pair: attnviz.Trace, types: np.ndarray) -> None:
    for head in pair.heads:
        weights = pair.weights(head).astype(float)
        shares = between_texts(attnviz.heatmap(pair, head).view.map)
        assert tuple(shares) == ONE_WAY
        for between in ONE_WAY:
            looks, seen = ("ab".index(name) for name in between.split("_to_"))
            rows = [
                row[types == seen].sum()
                for row, of in zip(weights, types, strict=True)
                if of == looks
            ]
            assert shares[between] == pytest.approx(sum(rows) / len(rows), abs=1e-6)
        assert shares["a_to_a"] + shares["a_to_b"] == pytest.approx(1, abs=1e-5)
        assert shares["b_to_a"] + shares["b_to_b"] == pytest.approx(1, abs=1e-5)


def test_every_shown_head_says_its_own_shares(pair: attnviz.Trace) -> None:
    heads = [(0, 2), HEAD, (2, 1)]
    meta, _ = unpack(attnviz.lines(pair, heads).packet)
    for head, said in zip(heads, meta["heads"], strict=True):
        shares = between_texts(attnviz.heatmap(pair, head).view.map)
        named = re.search(
            "A→A (.*?), A→B (.*?); of B: B→A (.*?), B→B (.*?)[.] ", " ".join(said["notes"]) + " "
        )
        assert named is not None
        for text, share in zip(named.groups(), shares.values(), strict=True):
            number = float(re.sub("[^0-9.]", "", text))
            assert abs(number - 100 * share) <= 0.1


@pytest.mark.parametrize("between", ONE_WAY)
def test_one_direction_hides_the_rest_and_counts_it(
    pair: attnviz.Trace, types: np.ndarray, between: Between
) -> None:
    weights = pair.weights(HEAD)
    view = attnviz.heatmap(pair, HEAD, Lens(between=between)).view
    mine = block(types, between)
    np.testing.assert_array_equal(view.map.shown, mine)
    np.testing.assert_array_equal(view.map.values, weights)  # and nothing is renormalised
    hidden = f"{int((~mine).sum())} other weights are hidden, "
    (note,) = [said for said in view.notes("en") if hidden in said]
    one, other = between.upper().split("_TO_")
    assert f"Only text {one} → text {other} is shown" in note
    left = np.where(mine, 0, weights.astype(float))[mine.any(axis=1)]
    share = float(left.sum(axis=1).mean())
    number = re.search(rf"hidden, [><]? ?([0-9.]+) % of a row of text {one} on average", note)
    assert number is not None
    assert float(number[1]) == pytest.approx(100 * share, abs=0.11)
    assert view.notes("zh") != view.notes("en")
    drawn = attnviz.lines(pair, [HEAD], Lens(between=between))
    assert mine[drawn.query, drawn.key].all()
    assert len(drawn.weight) == int((weights[mine] >= 1 / 255).sum())


@pytest.mark.parametrize("unit", ["piece", "word"])
@pytest.mark.parametrize("hidden", [False, True])
def test_every_cell_is_shown_or_counted_once(pair: attnviz.Trace, unit: Any, hidden: bool) -> None:
    lens = Lens(unit, hidden, hidden, at_least=0.1, between="b_to_a")
    seen = attnviz.heatmap(pair, HEAD, lens).view.map
    found = seen.withheld
    assert int(seen.shown.sum()) + found.weak_hidden + found.between_hidden == seen.values.size
    assert found.weak_hidden
    shares = between_texts(seen)
    rows = [n for n, row in enumerate(seen.rows) if row.segment == 1]
    left = seen.values[rows].astype(float)
    of_a = [n for n, column in enumerate(seen.columns) if column.segment == 0]
    whole = left.sum(axis=1) if hidden else np.ones(len(rows))
    assert shares["b_to_a"] == pytest.approx((left[:, of_a].sum(axis=1) / whole).mean(), abs=1e-5)


def test_what_a_head_does_is_read_from_the_rows_that_are_asked_for(
    pair: attnviz.Trace, types: np.ndarray
) -> None:
    weights = pair.weights(HEAD).astype(float)
    rows = np.flatnonzero(types == 1)
    following = np.mean([weights[n, n + 1] for n in rows[:-1]])
    said = attnviz.heatmap(pair, HEAD, Lens(between="b_to_b")).view.reading("en")
    assert f"looks at the next token ({100 * following:.1f} %)" in said
    across = attnviz.heatmap(pair, HEAD, Lens(between="b_to_a")).view.reading("en")
    most = weights[np.ix_(types == 1, types == 0)].mean(axis=0).max()
    assert f"({100 * most:.1f} %)" in across


def test_a_difference_counts_what_neither_head_shows(
    pair: attnviz.Trace, types: np.ndarray
) -> None:
    lens = Lens(at_least=0.05, between="a_to_a")
    (view,) = pair_shown(pair, [pair.check_head((0, 2)), pair.check_head(HEAD)], lens)
    strong = (pair.weights((0, 2)) >= np.float32(0.05)) | (pair.weights(HEAD) >= np.float32(0.05))
    mine = block(types, "a_to_a")
    np.testing.assert_array_equal(view.map.shown, strong & mine)
    assert view.map.withheld.weak_hidden == int((mine & ~strong).sum())
    assert view.map.withheld.between_hidden == int((~mine).sum())
    assert "A thin line stands between the two texts" in " ".join(view.notes("en"))


@pytest.mark.parametrize("between", ONE_WAY)
def test_rows_that_the_filter_leaves_empty_count_in_no_average(
    pair: attnviz.Trace, types: np.ndarray, between: Between
) -> None:
    weights, least = pair.weights(HEAD).astype(float), 0.05
    mine = block(types, between)
    rows = mine.any(axis=1)
    weak = np.where(mine & (weights < np.float32(least)), weights, 0)[rows].sum(axis=1).mean()
    view = attnviz.heatmap(pair, HEAD, Lens(at_least=least, between=between)).view
    assert view.map.withheld.weak_share == pytest.approx(weak, abs=1e-6)
    faint = np.where(mine & (weights < np.float32(1 / 255)), weights, 0)[rows].sum(axis=1).mean()
    (said,) = unpack(attnviz.lines(pair, [HEAD], Lens(between=between)).packet)[0]["heads"]
    assert f"not drawn, together {percent(faint)} of each row on average" in said["notes"][-1]


@pytest.mark.parametrize("between", ONE_WAY)
def test_rows_that_the_filter_leaves_empty_are_compared_by_nothing(
    pair: attnviz.Trace, types: np.ndarray, between: Between
) -> None:
    heads = [(0, 2), HEAD]
    rows = block(types, between).any(axis=1)
    bits = row_divergences(*(pair.weights(head) for head in heads))
    made = comparison(pair, heads, Lens(between=between))
    drawn = unpack(made.packet)[1]["divergence"]
    np.testing.assert_allclose(drawn[rows], bits[rows], atol=1e-6)
    assert np.isnan(drawn[~rows]).all()
    assert f"in bits: {bits[rows].mean():.3f} on average" in made.alt
    farthest = int(np.flatnonzero(rows)[bits[rows].argmax()])
    assert f"most at {pair.tokens[farthest].text} ({farthest})" in made.alt
    root = ET.fromstring(made.to_svg())  # noqa: S314 (our own)
    (bars,) = [one for one in root.iter(f"{SVG}g") if one.get("class") == "divergence"]
    assert len(list(bars.iter(f"{SVG}rect"))) == rows.sum()


@pytest.mark.parametrize("name", ["heatmap", "lines", "explore", "arcs", "highlights"])
def test_a_single_text_has_no_such_filter(note: attnviz.Trace, name: str) -> None:
    heads: Any = [HEAD] if name in ("lines", "explore") else HEAD
    with pytest.raises(CaptureError, match="no two texts that look at each other") as problem:
        getattr(attnviz, name)(note, heads, Lens(between="a_to_b"))
    assert "没有互相看的两句话" in problem.value.text("zh")


def test_cross_attention_has_no_such_filter(tmp_path: Any) -> None:
    model = opened(saved_family(tmp_path / "bart", "bart"))
    trace = attnviz.trace("the cat sat .", model, target="the mat")
    for kind in ("cross", "encoder", "decoder"):
        with pytest.raises(CaptureError, match="no two texts that look at each other"):
            attnviz.lines(trace, [(0, 0, kind)], Lens(between="a_to_b"))


def paths(svg: str) -> list[str]:
    found = ET.fromstring(svg).iter(f"{SVG}path")  # noqa: S314 (our own)
    return [one.get("d", "") for one in found if one.get("class") == "between"]


PAPER: dict[str, Callable[[attnviz.Trace], Any]] = {
    "heatmap": lambda trace: attnviz.heatmap(trace, HEAD),
    "comparison": lambda trace: comparison(trace, [(0, 2), HEAD]),
    "lines": lambda trace: attnviz.lines(trace, [HEAD]),
    "arcs": lambda trace: arcs(trace, HEAD),
    "highlights": lambda trace: highlights(trace, HEAD),
    "overview": lambda trace: attnviz.overview(trace),
}
LINES = {"heatmap": 2, "comparison": 2, "lines": 3, "arcs": 1, "highlights": 1, "overview": 1}


@pytest.mark.parametrize("name", PAPER)
@pytest.mark.parametrize("sheet", [None, attnviz.Sheet()], ids=["plain", "sheet"])
def test_paper_has_a_thin_line_where_the_second_text_begins(
    pair: attnviz.Trace, note: attnviz.Trace, name: str, sheet: attnviz.Sheet | None
) -> None:
    made = PAPER[name](pair)
    assert len(paths(made.to_svg(sheet=sheet))) == LINES[name]
    single = PAPER[name](note)
    assert paths(single.to_svg(sheet=sheet)) == []


def test_the_line_of_a_heatmap_on_paper_is_at_the_cell_of_the_second_text(
    pair: attnviz.Trace,
) -> None:
    svg = attnviz.heatmap(pair, HEAD).to_svg()
    (cells,) = re.findall(r'translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)\)" class="cells"', svg)
    label, top, step = map(float, cells)
    across, down = (list(map(float, re.findall(r"[\d.]+", path))) for path in paths(svg))
    second = [token.segment for token in pair.tokens].index(1)
    assert across[1] == pytest.approx(top + second * step, abs=0.01)
    assert down[0] == pytest.approx(label + second * step, abs=0.01)


@pytest.mark.parametrize("name", ["lines", "arcs", "highlights", "comparison"])
def test_packets_say_where_the_second_text_begins(
    pair: attnviz.Trace, note: attnviz.Trace, name: str
) -> None:
    made = PAPER[name](pair)
    meta, _ = unpack(made.packet)
    assert (meta["rows"]["second"], meta["columns"]["second"]) == (8, 8)
    single = PAPER[name](note)
    meta, _ = unpack(single.packet)
    assert "second" not in meta["rows"]


@pytest.mark.parametrize("words", [1, 40])
def test_tiles_say_before_which_cell_the_second_text_begins(minilm: Model, words: int) -> None:
    trace = attnviz.trace("cat " * 2 * words, minilm, "it was " * words)
    tokens, cells = len(trace.tokens), min(len(trace.tokens), 64)
    second = [token.segment for token in trace.tokens].index(1)
    meta, _ = unpack(attnviz.overview(trace).packet())
    assert meta["boundaries"] == pytest.approx([second * cells / tokens] * 2, abs=0.5)
    assert words > 1 or meta["boundaries"] == [second, second]
    (line,) = paths(attnviz.overview(trace).to_svg())
    assert line.count("M") == 2 * 72
    assert unpack(attnviz.overview(attnviz.trace("cat", minilm)).packet())[0]["boundaries"] == [
        None,
        None,
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_beside_each_other_a_difference_has_its_divergences_and_a_short_title(
    pair: attnviz.Trace, language: Any
) -> None:
    (view,) = pair_shown(pair, [pair.check_head((0, 2)), pair.check_head(HEAD)])
    meta, arrays = unpack(draw_comparison(view, language, captioned=True).packet)
    expected = row_divergences(pair.weights((0, 2)), pair.weights(HEAD))
    np.testing.assert_allclose(arrays["divergence"], expected, atol=1e-7)
    assert meta["head"]["title"] == view.name(language)
    assert (meta["rows"]["second"], meta["columns"]["second"]) == (8, 8)


def test_recipe_link_and_command_hold_it(pair: attnviz.Trace, tmp_path: Any) -> None:
    made = attnviz.lines(pair, [HEAD], Lens(between="b_to_a"))
    assert made.recipe is not None
    assert "attnviz.Lens(between='b_to_a')" in made.recipe.text
    link = to_link({"between": "b_to_a"}, EXPLORE)
    assert from_link(link.params, EXPLORE) == ({"between": "b_to_a"}, ())
    assert from_link({"v": "1", "texts": "c_to_a"}, EXPLORE) == ({}, ("texts",))
    file = tmp_path / "pair.csv"
    asked = [A, "--pair", B, "--head", "1.8", "--lens", "between=b_to_a", "-o", str(file)]
    assert command(asked) == 0
    assert "Only text B → text A is shown: 148 other weights are hidden" in file.read_text("utf-8")


def test_the_page_has_the_choice_for_a_pair_alone(page: AppTest) -> None:
    def keys() -> list[str | None]:
        return [one.key for one in page.get("button_group")]

    assert "between" not in keys()
    typed(page, A, B)
    assert "between" in keys()
    page.session_state["values"]["between"] = "a_to_b"
    page.run()
    assert "Filter (1)" in [popover.proto.popover.label for popover in page.get("popover")]
    assert page.query_params["texts"] in ("a_to_b", ["a_to_b"])
    page.session_state["values"]["pair"] = ""
    page.run()
    assert not page.exception
    assert not page.error
    assert "between" not in keys()
    assert "Filter (0)" in [popover.proto.popover.label for popover in page.get("popover")]
    assert "texts" not in page.query_params
