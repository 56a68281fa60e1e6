"""The sentence under a picture, recomputed from what the picture draws."""

import re
from html import unescape

import numpy as np
import pytest

import attnviz
from attnviz.analysis.combine import Combination
from attnviz.analysis.describe import describe
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.models.load import Model
from attnviz.pictures.heatmap import draw
from attnviz.pictures.packet import unpack
from attnviz.pictures.picture import percent, sentence
from attnviz.pictures.shown import Shown, shown

LENSES = [
    Lens(),
    Lens(unit="word"),
    Lens(hide_special=True),
    Lens(hide_special=True, renormalise=True),
    Lens(unit="word", hide_special=True, renormalise=True),
    Lens(at_least=0.2),
    Lens(strongest=0.5, unit="word", hide_special=True),
]
WORDY = "Unbelievably, the seismologists misinterpreted it."


def drawn_by(one: Shown) -> np.ndarray:
    """The cells of the heatmap as it is drawn; a gap is 0."""
    return np.nan_to_num(np.array(draw(one).figure.data[0].z, dtype=np.float64))


def strongest_of(drawn: np.ndarray, texts: list[str]) -> dict[str, float]:
    """The share of each simple pattern, cell by cell, by the words that name it."""
    count = len(drawn)

    def mean(cells: list[float], over: int) -> float:
        return sum(cells) / over if over else 0.0

    shares = {
        "previous": mean([drawn[i, i - 1] for i in range(1, count)], count - 1),
        "next": mean([drawn[i, i + 1] for i in range(count - 1)], count - 1),
        "itself": mean([drawn[i, i] for i in range(count)], count),
    }
    for key in range(count):
        received = mean([drawn[i, key] for i in range(count)], count)
        shares[f"“{texts[key]}”"] = max(received, shares.get(f"“{texts[key]}”", 0.0))
    for far in range(2, count):
        before = [drawn[i, i - far] for i in range(far, count)]
        after = [drawn[i, i + far] for i in range(count - far)]
        shares[f"{far} places before"] = mean(before, count)
        shares[f"{far} places after"] = mean(after, count)
    return shares


@pytest.mark.parametrize("lens", LENSES, ids=str)
@pytest.mark.parametrize("combination", [None, "mean"])
def test_what_is_said_is_what_is_drawn(
    minilm: Model, lens: Lens, combination: Combination | None
) -> None:
    trace = attnviz.trace(WORDY, minilm)
    for head in trace.heads[::5]:
        heads = [head] if combination is None else [head, HeadId(0, 2)]
        (one,) = shown(trace, heads, lens, combination)
        drawn, texts = drawn_by(one), [place.text for place in one.map.rows]
        shares = strongest_of(drawn, texts)
        name = max(shares, key=lambda each: shares[each])
        said, share = one.says("en"), shares[name]
        if "spread evenly" in said:
            assert share <= 0.5
        else:
            (number,) = re.findall(r"(?:[<>] )?[\d.]+(?= %)", said)
            assert number in {percent(share + tiny)[:-2] for tiny in (-1e-6, 0, 1e-6)}
            assert name in said
            assert ("no simple pattern" in said) == (share <= 0.5)
        whole = np.allclose(drawn.sum(axis=1), 1, rtol=0, atol=1e-5)
        assert ("nats" in said) == (whole and share <= 0.5)
        if "nats" in said:
            logs = np.log(drawn, where=drawn > 0, out=np.zeros_like(drawn))
            spread = -(drawn * logs).sum(axis=1).mean()
            assert f"{spread:.1f}" in said
            assert f"of {np.log(len(drawn)):.1f} nats" in said


def test_hidden_special_tokens_do_not_count(note: attnviz.Trace) -> None:
    plain, lensed = (
        shown(note, [(3, 9)], lens)[0]
        for lens in (Lens(), Lens(hide_special=True, renormalise=True))
    )
    assert plain.says("en") != lensed.says("en")
    assert "[SEP]" not in lensed.says("en")


def test_words_are_counted_as_words(minilm: Model) -> None:
    trace = attnviz.trace(WORDY, minilm)
    (one,) = shown(trace, [(0, 2)], Lens(unit="word", hide_special=True, renormalise=True))
    assert one.says("en").endswith("on the previous word.")
    assert one.says("zh").endswith("在前一个词上。")
    (apart,) = shown(attnviz.trace("the 我爱", minilm), [(0, 2)], Lens(unit="word"))
    assert "place" in apart.says("en"), "where words are not known, none is claimed"


def test_a_maximum_and_an_empty_picture_say_nothing(note: attnviz.Trace) -> None:
    (maximum,) = shown(note, [(0, 2), (1, 8)], Lens(), "maximum")
    assert maximum.says("en") == ""
    (nothing,) = shown(note, [(0, 0)], Lens(at_least=1.0))
    assert not nothing.map.shown.any()
    assert nothing.says("en") == ""


def test_a_text_alternative_has_no_gap_where_nothing_is_said(note: attnviz.Trace) -> None:
    (one,) = shown(note, [(0, 2), (1, 8)], Lens(hide_special=True), "maximum")
    assert one.says("en") == ""
    assert one.alt("en") == " ".join(one.notes("en"))
    (head,) = shown(note, [(0, 2)])
    assert head.alt("en") == head.says("en") != ""


def test_every_file_says_the_same(note: attnviz.Trace) -> None:
    lens = Lens(hide_special=True, renormalise=True)
    head = HeadId(3, 9)
    said = shown(note, [head], lens)[0].says("en")
    assert said.startswith("Here:")
    lines, heatmap = note.lines([head], lens=lens), note.heatmap(head, lens=lens)
    assert said in lines.alt  # type: ignore[attr-defined]
    assert said in heatmap.alt  # type: ignore[attr-defined]
    meta, _ = unpack(lines.packet)  # type: ignore[attr-defined]
    assert [one["says"] for one in meta["heads"]] == [said]
    for picture in (lines, heatmap):
        svg = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", unescape(picture.to_svg())))
        assert said in svg
    meta, _ = unpack(note.explore([head], lens=lens).packet())  # type: ignore[attr-defined]
    assert meta["maps"][note.heads.index(head)]["says"] == said
    assert said in unescape(lines._repr_html_())


def test_rows_that_do_not_sum_to_one_have_no_spread() -> None:
    tokens = attnviz.trace("a b c d e f g h i j").tokens
    rows = np.full((len(tokens), len(tokens)), 0.5 / len(tokens), dtype=np.float32)
    found = describe(rows, tokens)
    assert found.entropy is None
    assert found.pattern == "none", "half of an even spread is no even spread"
    assert sentence(found, "piece", "en").startswith("Here: no simple pattern. The most is ")
    assert "nats" not in sentence(found, "piece", "en")


@pytest.mark.parametrize("lens", LENSES, ids=str)
@pytest.mark.parametrize("combination", [None, "mean", "maximum"])
def test_the_formula_states_the_row_sums_that_are_drawn(
    minilm: Model, lens: Lens, combination: Combination | None
) -> None:
    trace = attnviz.trace(WORDY, minilm)
    heads = [(0, 2)] if combination is None else [(0, 2), (1, 8)]
    (one,) = shown(trace, heads, lens, combination)
    sums = drawn_by(one).sum(axis=1)
    is_maximum = combination == "maximum"
    for formula, exactly, more in (
        (one.formula("en"), "each row sums to 1", "rows sum to 1 or more"),
        (one.formula("zh"), "每行之和为 1", "每行之和大于或等于 1"),
    ):
        assert (exactly in formula) == (not is_maximum and np.allclose(sums, 1, rtol=0, atol=1e-5))
        assert (more in formula) == (is_maximum and sums.min() > 1 - 1e-5)
