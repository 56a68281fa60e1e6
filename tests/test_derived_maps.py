"""Norm-weighted maps, rollout, flow and differences: each against a computation of its own."""

import io
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow
from scipy.spatial.distance import jensenshannon

import attnviz
from attnviz.analysis.max_flow import max_flows
from attnviz.analysis.measure import measure
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.export.numbers import as_npz
from attnviz.models.load import Model
from attnviz.pictures.packet import unpack
from attnviz.texts import LANGUAGES, Language


def vectors(trace: Trace, layer: int, head: int) -> np.ndarray:
    """f(x) of every token from the layer's input and its matrices, in double precision."""
    learned, width = trace.learned[layer], trace.model.d_head
    columns = slice(head * width, (head + 1) * width)
    x = trace.residual(layer).astype(float)
    v = x @ learned.value.weight[:, columns].astype(float) + learned.value.bias[columns]
    written: np.ndarray = v @ learned.output.weight[columns].astype(float)
    return written


# ---- norm-weighted


@pytest.mark.parametrize("head", [(0, 2), (1, 8), (5, 11)])
def test_norm_weighted_is_the_length_of_each_part_of_the_contribution(
    note: Trace, head: tuple[int, int]
) -> None:
    weights = note.weights(head).astype(float)
    parts = weights[:, :, None] * vectors(note, *head)  # "query key d_model"
    np.testing.assert_allclose(parts.sum(axis=1), note.contribution(head), atol=1e-4)
    taken = np.linalg.norm(parts, axis=-1)
    seen = attnviz.norm_weighted(note, head)
    np.testing.assert_allclose(seen.values, taken / taken.sum(axis=1, keepdims=True), rtol=1e-4)
    np.testing.assert_allclose(seen.whole, 1, atol=1e-6)
    special = [token.is_special for token in note.tokens]
    assert seen.special_share == pytest.approx(seen.values[:, special].sum(axis=1).mean(), rel=1e-5)
    assert seen.special_before == pytest.approx(weights[:, special].sum(axis=1).mean(), rel=1e-5)


def test_special_tokens_get_weight_but_little_norm(note: Trace) -> None:
    """Kobayashi et al. 2020, §4: on average over all heads."""
    maps = [attnviz.norm_weighted(note, head) for head in note.heads]
    before = np.mean([seen.special_before or 0 for seen in maps])
    after = np.mean([seen.special_share or 0 for seen in maps])
    assert after < before / 2


def test_the_measures_of_norms_are_those_of_the_vectors(note: Trace) -> None:
    table = measure(note)
    for layer, head in [(0, 0), (3, 7)]:
        lengths = np.linalg.norm(vectors(note, layer, head), axis=1)
        expected = (note.weights((layer, head)) @ lengths).mean()
        row = table[(table.layer == layer) & (table["head"] == head)].iloc[0]
        assert row.norm_weighted == pytest.approx(expected, rel=1e-4)
        v = np.linalg.norm(note.values(layer)[head].astype(float), axis=1)
        expected = (note.weights((layer, head)) @ v).mean()
        assert row.value_weighted == pytest.approx(expected, rel=1e-4)


def test_every_measure_can_be_taken_of_norms(note: Trace) -> None:
    table = measure(note, weighting="norm")
    shares = attnviz.norm_weighted(note, (2, 9)).values
    row = table[(table.layer == 2) & (table["head"] == 9)].iloc[0]
    assert row.previous == pytest.approx(float(np.diagonal(shares, -1).mean()), rel=1e-4)
    assert row.sharpness == pytest.approx(float(shares.max(axis=1).mean()), rel=1e-4)
    assert measure(note, weighting="value").special.between(0, 1).all()


def test_a_head_that_is_off_has_no_norms(tiny: Model) -> None:
    off = attnviz.trace("the cat sat", tiny, interventions=[attnviz.HeadOff(1, 2)])
    with pytest.raises(attnviz.CaptureError, match="L1·H2 is without any output"):
        attnviz.norm_weighted(off, (1, 2))
    row = measure(off, weighting="norm", tokens=True).iloc[6]
    assert np.isnan(row.previous)
    assert row.previous_tokens == 0
    assert measure(off).iloc[6].norm_weighted == 0
    other = attnviz.norm_weighted(off, (1, 1))
    assert other.formula is not None
    for language in LANGUAGES:
        assert "L1·H2" in other.formula.text(language), "the map says what was changed"


def test_weights_alone_have_no_norms() -> None:
    trace = attnviz.Trace.from_weights("ab", np.full((1, 2, 2, 2), 0.5))
    with pytest.raises(attnviz.CaptureError, match="weights alone"):
        attnviz.norm_weighted(trace, (0, 0))
    with pytest.raises(attnviz.CaptureError, match="weights alone"):
        measure(trace, weighting="norm")
    assert measure(trace).norm_weighted.isna().all()


# ---- rollout and flow

RNG = np.random.default_rng(11)


def layers(count: int, heads: int, tokens: int, mask: np.ndarray | None = None) -> np.ndarray:
    drawn = RNG.dirichlet(np.full(tokens, 0.4), size=(count, heads, tokens))
    if mask is not None:
        drawn = drawn * mask
        drawn /= drawn.sum(axis=-1, keepdims=True)
    return np.asarray(drawn)


def steps(trace: Trace) -> list[np.ndarray]:
    count = range(trace.model.layers)
    return [(trace.layer_weights(n).mean(axis=0) + np.eye(len(trace.tokens))) / 2 for n in count]


@pytest.mark.parametrize("last", [0, 1, 2, None])
def test_rollout_is_the_sum_over_paths(last: int | None) -> None:
    trace = attnviz.Trace.from_weights("abcd", layers(3, 2, 4), special=[0])
    through = steps(trace)[: 3 if last is None else last + 1]
    expected = np.zeros((4, 4))
    for path in product(range(4), repeat=len(through) + 1):  # from the input upwards
        weight = 1.0
        for step, (below, above) in zip(through, pairwise(path), strict=True):
            weight *= step[above, below]
        expected[path[-1], path[0]] += weight
    seen = attnviz.rollout(trace, last)
    np.testing.assert_allclose(seen.values, expected, atol=1e-6)
    assert seen.special_share == pytest.approx(expected[:, 0].mean(), abs=1e-6)
    raw = trace.layer_weights(len(through) - 1).mean(axis=0)
    assert seen.special_before == pytest.approx(raw[:, 0].mean(), abs=1e-6)


WHOLE = 10**8  # SciPy counts in whole numbers


def by_scipy(through: list[np.ndarray]) -> np.ndarray:
    """The flow of every pair by a general algorithm, on the whole graph."""
    tokens, top = len(through[0]), len(through)
    capacity = np.zeros(((top + 1) * tokens,) * 2, np.int32)
    for layer, step in enumerate(through):
        above, below = (slice(n * tokens, (n + 1) * tokens) for n in (layer + 1, layer))
        capacity[above, below] = np.round(step * WHOLE)
    graph = csr_matrix(capacity)
    pairs = product(range(tokens), repeat=2)
    values = [maximum_flow(graph, top * tokens + q, k).flow_value / WHOLE for q, k in pairs]
    return np.array(values).reshape(tokens, tokens)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_flow_is_that_of_scipy(count: int, causal: bool) -> None:
    mask = np.tril(np.ones((6, 6))) if causal else None
    trace = attnviz.Trace.from_weights("abcdef", layers(count, 2, 6, mask), allowed=mask)
    seen = attnviz.flow(trace)
    np.testing.assert_allclose(seen.values, by_scipy(steps(trace)), atol=1e-5)
    np.testing.assert_array_equal(seen.denied, np.triu(np.ones((6, 6)), 1) * causal)


def test_flow_is_that_of_scipy_on_hard_graphs() -> None:
    """Sparse layers without a residual half, where greedy paths have to be taken back."""
    for _ in range(20):
        capacity = RNG.random((4, 7, 7)) * (RNG.random((4, 7, 7)) < 0.35)
        found = by_scipy(list(capacity))
        np.testing.assert_allclose(max_flows(capacity), found, atol=1e-5)


def test_flow_of_a_sentence(minilm: Model) -> None:
    trace = attnviz.trace("The cat sat on the mat", minilm)
    for last in (1, 5):
        found = attnviz.flow(trace, last).values
        np.testing.assert_allclose(found, by_scipy(steps(trace)[: last + 1]), atol=1e-5)


def test_the_flow_of_a_long_text_is_refused_with_a_sentence() -> None:
    trace = attnviz.Trace.from_weights("a" * 129, np.full((1, 1, 129, 129), 1 / 129))
    with pytest.raises(attnviz.ArgumentError, match="up to 128 tokens; the sentence has 129"):
        attnviz.flow(trace)
    with pytest.raises(attnviz.InterventionError, match="no layer 1"):
        attnviz.rollout(trace, 1)


# ---- differences


def test_a_difference_is_signed_and_knows_the_divergence_of_each_row(note: Trace) -> None:
    a, b = note.weights((0, 2)), note.weights((1, 8))
    seen = attnviz.difference(note, (0, 2), (1, 8))
    np.testing.assert_array_equal(seen.values, a - b)
    assert seen.is_signed
    assert seen.special_share is None
    assert seen.divergence is not None
    expected = jensenshannon(a.astype(float), b.astype(float), base=2, axis=-1) ** 2
    np.testing.assert_allclose(seen.divergence, expected, atol=1e-5)
    same = attnviz.difference(note, (0, 2), (0, 2))
    assert not same.values.any()
    assert same.divergence is not None
    assert not same.divergence.any()


def test_a_pair_that_neither_head_may_look_at_has_no_difference() -> None:
    may = np.tril(np.ones((3, 3)))
    trace = attnviz.Trace.from_weights("abc", layers(1, 2, 3, may), allowed=may)
    seen = attnviz.difference(trace, (0, 0), (0, 1))
    np.testing.assert_array_equal(seen.denied, may == 0)


# ---- drawn as any other map


@pytest.fixture(scope="module")
def derived(note: Trace) -> dict[str, AttentionMap]:
    return {
        "norm": attnviz.norm_weighted(note, (2, 1)),
        "rollout": attnviz.rollout(note),
        "flow": attnviz.flow(note, 2),
        "difference": attnviz.difference(note, (0, 2), (1, 8)),
    }


@pytest.mark.parametrize("name", ["norm", "rollout", "flow", "difference"])
def test_what_is_drawn_is_what_was_computed(derived: dict[str, AttentionMap], name: str) -> None:
    seen = derived[name]
    _, arrays = unpack(attnviz.lines(seen).packet)
    drawn = np.zeros_like(seen.values)
    drawn[arrays["query"], arrays["key"]] = arrays["weight"]
    expected = np.where(np.abs(seen.values) >= 1 / 255, seen.values, 0)
    np.testing.assert_allclose(drawn, expected, atol=1e-7)
    np.testing.assert_array_equal(attnviz.heatmap(seen).figure.data[0].z, seen.values)
    with np.load(io.BytesIO(as_npz(seen))) as file:
        np.testing.assert_array_equal(file["values"], seen.values)


@pytest.mark.parametrize("name", ["norm", "rollout", "flow", "difference"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_says_model_formula_and_what_it_is(
    derived: dict[str, AttentionMap], name: str, language: Language
) -> None:
    seen = derived[name]
    assert seen.title is not None
    assert seen.formula is not None
    assert seen.title.text(language).startswith("all-MiniLM-L6-v2 · ")
    picture = attnviz.heatmap(seen, language=language)
    for text in (seen.title.text(language), seen.formula.text(language)[:20]):
        assert text in picture.to_svg().replace("&gt;", ">")
    assert attnviz.explore(seen, language=language).to_html()


def test_rollout_is_labelled_for_what_it_is(derived: dict[str, AttentionMap]) -> None:
    formula = derived["rollout"].formula
    assert formula is not None
    assert "no head's attention" in formula.text()
    assert "不是任何头的注意力" in formula.text("zh")
