"""Head against head: A − B through the lens, and how far apart each row is."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

import attnviz
from attnviz import Lens
from attnviz.errors import ArgumentError
from attnviz.pictures.comparison import comparison
from attnviz.pictures.comparison.on_paper import BAR
from attnviz.pictures.kinds import kinds
from attnviz.pictures.packet import unpack
from attnviz.texts import LANGUAGES

A, B = (0, 2), (1, 8)
PAIR = [A, B]
BY_HAND = np.array([[[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]])
SVG = "{http://www.w3.org/2000/svg}"


def test_two_heads_by_hand() -> None:
    trace = attnviz.Trace.from_weights(["the", "cat"], BY_HAND)
    made = comparison(trace, [(0, 0), (0, 1)])
    np.testing.assert_array_equal(made.view.map.values, [[1, -1], [0, 0]])
    meta, arrays = unpack(made.packet)
    np.testing.assert_array_equal(arrays["weights"].reshape(2, 2), [[1, -1], [0, 0]])
    np.testing.assert_allclose(arrays["divergence"], [1, 0], atol=1e-7)
    said = "0.500 on average, most at the (0) (1.000)"
    assert said in " ".join(meta["head"]["map_notes"])
    assert said in made.alt


def test_without_a_lens_it_is_the_public_difference(note: attnviz.Trace) -> None:
    seen, expected = comparison(note, PAIR).view.map, attnviz.difference(note, A, B)
    np.testing.assert_array_equal(seen.values, expected.values)
    assert seen.divergence is not None
    assert expected.divergence is not None
    np.testing.assert_allclose(seen.divergence, expected.divergence, atol=1e-7)
    rows = zip(note.weights(A).astype(float), note.weights(B).astype(float), strict=True)
    np.testing.assert_allclose(
        seen.divergence, [jensenshannon(a, b, base=2) ** 2 for a, b in rows], atol=1e-5
    )


@pytest.mark.parametrize(
    "lens",
    [
        Lens(hide_special=True),
        Lens(hide_special=True, renormalise=True),
        Lens(unit="word"),
        Lens(at_least=0.1),
    ],
    ids=["hidden", "renormalised", "words", "strong"],
)
def test_through_a_lens_it_is_one_heatmap_minus_the_other(note: attnviz.Trace, lens: Lens) -> None:
    a, b = (attnviz.heatmap(note, head, lens).view.map for head in PAIR)
    seen = comparison(note, PAIR, lens).view.map
    assert seen.rows == a.rows
    np.testing.assert_array_equal(seen.values, a.values - b.values)
    np.testing.assert_array_equal(seen.shown, a.shown | b.shown)
    whole = comparison(note, PAIR, Lens(unit=lens.unit)).view.map
    assert seen.divergence is not None
    assert whole.divergence is not None
    kept = [whole.rows.index(place) for place in seen.rows]
    np.testing.assert_array_equal(seen.divergence, whole.divergence[kept])


def test_a_bar_is_as_long_as_the_divergence(note: attnviz.Trace) -> None:
    made = comparison(note, PAIR)
    (group,) = (
        g
        for g in ET.fromstring(made.to_svg()).iter(f"{SVG}g")  # noqa: S314
        if g.get("class") == "divergence"
    )
    bars = [float(bar.attrib["width"]) / BAR for bar in group.iter(f"{SVG}rect")]
    assert made.view.map.divergence is not None
    np.testing.assert_allclose(bars, made.view.map.divergence, atol=0.006 / BAR)
    assert "attnviz.comparison(trace, [(0, 2), (1, 8)])" in made.to_svg()


def test_weights_that_are_no_distributions_have_a_difference_and_no_divergence() -> None:
    trace = attnviz.Trace.from_weights(["the", "cat"], BY_HAND / 2)
    made = comparison(trace, [(0, 0), (0, 1)])
    np.testing.assert_array_equal(made.view.map.values, [[0.5, -0.5], [0, 0]])
    assert made.view.map.divergence is None
    assert "No divergence" in made.alt
    assert "divergence" not in unpack(made.packet)[1]


@pytest.mark.parametrize("heads", [[A], [A, B, (2, 1)]])
def test_it_takes_two_heads(note: attnviz.Trace, heads: list[tuple[int, int]]) -> None:
    with pytest.raises(ArgumentError) as refused:
        comparison(note, heads)
    texts = {refused.value.text(language) for language in LANGUAGES}
    assert len(texts) == 2
    assert all("comparison" in text for text in texts)


def test_one_head_alone_has_no_comparison_to_save(note: attnviz.Trace) -> None:
    assert not kinds()["comparison"].pictures(attnviz.explore(note, [A]))
    names = list(kinds()["comparison"].pictures(attnviz.explore(note, PAIR)))
    assert names == ["difference L0·H2 − L1·H8"]


def test_where_everything_is_hidden_there_is_nothing_to_compare() -> None:
    trace = attnviz.Trace.from_weights(["[CLS]", "[SEP]"], BY_HAND, [0, 1])
    made = comparison(trace, [(0, 0), (0, 1)], Lens(hide_special=True))
    assert made.view.map.values.size == 0
    assert made.to_svg()


def test_a_mask_hatches_the_difference() -> None:
    mask = np.tril(np.ones((2, 2)))
    weights = np.array([[[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]]])
    trace = attnviz.Trace.from_weights(["the", "cat"], weights, allowed=mask)
    seen = comparison(trace, [(0, 0), (0, 1)]).view.map
    np.testing.assert_array_equal(seen.denied, mask == 0)
    np.testing.assert_array_equal(seen.values, [[0, 0], [0.5, -0.5]])
    assert not seen.shown[0, 1]
