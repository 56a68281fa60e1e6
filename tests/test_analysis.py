"""Measures, differences and descriptions, against closed forms and SciPy."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy as scipy_entropy

import attnviz
from attnviz.analysis import measure as measure_module
from attnviz.analysis.combine import combined
from attnviz.analysis.describe import describe
from attnviz.analysis.difference import (
    jensen_shannon,
    most_different,
    most_different_beside,
    overlaps,
)
from attnviz.analysis.distribution import check_distribution, sum_to_one
from attnviz.analysis.head_map import head_map, scaled
from attnviz.analysis.measures import Attention, Measure, measures
from attnviz.analysis.on_target import on_target
from attnviz.analysis.targets import Sides, induction, is_punctuation, same_word
from attnviz.core.heads import HeadId
from attnviz.core.tokens import Token
from attnviz.errors import CaptureError
from attnviz.models.load import Model
from attnviz.texts import LANGUAGES
from tests.tokens import token

N = 7
TOKENS = [token(f"w{i}", i, None if i in (0, N - 1) else i) for i in range(N)]
UNIFORM = np.full((1, N, N), 1 / N, dtype=np.float32)
IDENTITY = np.eye(N, dtype=np.float32)[None]
PREVIOUS = np.eye(N, k=-1, dtype=np.float32)[None]
PREVIOUS[0, 0, 0] = 1
RANDOM = np.random.default_rng(3).dirichlet(np.full(N, 0.5), size=(5, N)).astype(np.float32)


# The words "it" and "It" are one, in two places; a comma; [CLS] and [SEP] at the ends.
TEXTS = ["[CLS]", "it", "is", ",", "It", "was", "[SEP]"]
SAID = [
    replace(token, text=text, piece=text, source=text)
    for token, text in zip(TOKENS, TEXTS, strict=True)
]
# The same with a piece that comes again, once right after itself: so every measure has tokens.
AGAIN = [
    replace(token, text=text, piece=text, source=text)
    for token, text in zip(TOKENS, ["[CLS]", "a", ",", "a", "a", "b", "[SEP]"], strict=True)
]
LENGTHS = np.random.default_rng(9).random((5, N)).astype(np.float32)


def attention(
    weights: np.ndarray,
    tokens: Sequence[Token] = TOKENS,
    allowed: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
) -> Attention:
    return Attention(weights, Sides(tokens), allowed, lengths, lengths)


@pytest.mark.parametrize("measure", measures(), ids=lambda m: m.name)
def test_measure_contract(measure: Measure) -> None:
    for weights in (UNIFORM, IDENTITY, PREVIOUS, RANDOM):
        before = weights.copy()
        values, tokens = measure.compute(attention(weights, AGAIN, None, LENGTHS[: len(weights)]))
        assert values.shape == tokens.shape == (len(weights),)
        assert np.isfinite(values).all()
        assert (tokens >= 1).all()
        assert (tokens <= N).all()
        assert (values >= -1e-6).all()
        assert (values <= measure.largest(N) + 1e-5).all()
        np.testing.assert_array_equal(weights, before)
    parts = [attention(RANDOM[[i]], AGAIN, None, LENGTHS[[i]]) for i in range(len(RANDOM))]
    alone = [measure.compute(part).values[0] for part in parts]
    together = measure.compute(attention(RANDOM, AGAIN, None, LENGTHS)).values
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert measure.source
    for language in LANGUAGES:
        assert measure.title(language)
        assert measure.formula(language)
        assert measure.unit_name(language)


def slow(name: str, weights: np.ndarray, tokens: list[Token], may: np.ndarray) -> float:
    """A measure of one head once more, pair by pair in Python; NaN if it rests on nothing."""
    places = range(len(tokens))
    words = [t.source.lower() if t.word is not None and t.text != "," else "" for t in tokens]
    is_target = {
        "previous": lambda q, k: k == q - 1,
        "next": lambda q, k: k == q + 1,
        "self": lambda q, k: k == q,
        "first": lambda _, k: k == 0,
        "special": lambda _, k: tokens[k].is_special,
        "separator": lambda _, k: tokens[k].text == "[SEP]",
        "punctuation": lambda _, k: tokens[k].text == ",",
        "elsewhere": lambda q, k: (
            abs(q - k) > 1 and tokens[k].text != "," and not tokens[k].is_special
        ),
        "same_word": lambda q, k: k != q and words[q] != "" and words[k] == words[q],
        "induction": lambda q, k: (
            not tokens[q].is_special
            and [p + 1 for p in range(q) if tokens[p].piece == tokens[q].piece][-1:] == [k]
        ),
    }
    rows = []
    for q in places:
        keys = [k for k in places if may[q, k]]
        w = [float(weights[q, k]) for k in keys]
        if name in is_target:
            chosen = [v for k, v in zip(keys, w, strict=True) if is_target[name](q, k)]
            rows += [sum(chosen)] if chosen else []
        elif name == "distance":
            rows += [sum(v * abs(q - k) for k, v in zip(keys, w, strict=True))] if keys else []
        elif name == "sharpness":
            rows += [max(w)] if keys else []
        elif name == "entropy":
            rows += [-sum(v * math.log(v) for v in w if v)] if keys else []
        elif name == "entropy_share" and len(keys) > 1:
            rows.append(-sum(v * math.log(v) for v in w if v) / math.log(len(keys)))
        elif name in ("value_weighted", "norm_weighted"):
            rows += [sum(v * LENGTHS[0, k] for k, v in zip(keys, w, strict=True))] if keys else []
    if name == "hub":
        received = [[float(weights[q, k]) for q in places if may[q, k]] for k in places]
        wide = [
            sum(got) / len(got)
            for k, got in enumerate(received)
            if not tokens[k].is_special and 2 * len(got) >= len(tokens)
        ]
        return max(wide, default=math.nan)
    return sum(rows) / len(rows) if rows else math.nan


MASKS = {
    "all": np.ones((N, N), bool),
    "causal": np.tril(np.ones((N, N), bool)),
    "nothing before": np.triu(np.ones((N, N), bool), 1),  # the last query sees nothing
    "no comma, no end": np.ones((N, N), bool) & (np.arange(N) != 3) & (np.arange(N) < N - 1),
}


@pytest.mark.parametrize("tokens", [SAID, AGAIN], ids=["said", "again"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("measure", measures(), ids=lambda m: m.name)
def test_each_measure_is_that_of_a_slow_computation(
    measure: Measure, mask: str, tokens: list[Token]
) -> None:
    may = MASKS[mask]
    weights = RANDOM[:1] * may + 1e-3 * may
    weights = np.divide(
        weights,
        weights.sum(-1, keepdims=True),
        where=may.any(-1)[:, None],
        out=np.zeros_like(weights),
    )
    for allowed in (may[None],) if mask != "all" else (None, may[None]):
        found = measure.compute(attention(weights, tokens, allowed, LENGTHS[:1]))
        expected = slow(measure.name, weights[0], tokens, may)
        np.testing.assert_allclose(found.values, [expected], rtol=1e-5, equal_nan=True)
        assert (found.tokens[0] == 0) == math.isnan(expected)


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("separator", TOKENS),  # special tokens, none of which ends a sentence
        ("punctuation", TOKENS),
        ("same_word", TOKENS),
        ("induction", SAID),  # "it" and "It" are one word, and two pieces
        ("hub", [replace(token, is_special=True) for token in TOKENS]),
        ("special", [replace(token, is_special=False) for token in TOKENS]),
    ],
)
def test_what_a_sentence_does_not_hold_is_no_number_and_never_0(
    name: str, tokens: list[Token]
) -> None:
    found = next(m for m in measures() if m.name == name).compute(attention(RANDOM, tokens))
    assert np.isnan(found.values).all()
    assert (found.tokens == 0).all()


@pytest.mark.parametrize("name", ["previous", "next", "entropy_share"])
def test_a_single_token_has_no_neighbour_and_no_choice(name: str) -> None:
    one = attention(np.ones((2, 1, 1), np.float32), TOKENS[1:2])
    found = next(m for m in measures() if m.name == name).compute(one)
    assert np.isnan(found.values).all()


def test_offsets_mean_nothing_between_two_texts() -> None:
    two = Attention(RANDOM, Sides(SAID, list(SAID)))
    found = {m.name: m.compute(two) for m in measures()}
    for name in ("previous", "next", "self", "distance"):
        assert np.isnan(found[name].values).all()
    again = Attention(RANDOM, Sides(AGAIN, list(AGAIN)))
    assert np.isnan(next(m for m in measures() if m.name == "induction").compute(again).values)[0]
    words = np.array(
        [[q.source.lower() == k.source.lower() and q.text != "," for k in SAID] for q in SAID]
    )
    words[[0, -1]] = False
    expected = (RANDOM * words).sum(-1)[:, words.any(-1)].mean(-1)
    np.testing.assert_allclose(found["same_word"].values, expected, rtol=1e-5)


def test_how_many_tokens_a_measure_rests_on() -> None:
    found = {m.name: int(m.compute(attention(RANDOM, SAID)).tokens[0]) for m in measures()}
    assert (found["same_word"], found["previous"], found["next"]) == (2, N - 1, N - 1)
    assert (found["self"], found["punctuation"], found["hub"]) == (N, N, N)


def test_pieces_of_a_word_are_one_word_and_marks_are_none() -> None:
    def piece(text: str, place: int, word: int | None) -> Token:
        return replace(TOKENS[1], text=text, source=text, position=place, word=word)

    tokens = [
        piece(t, n, w)
        for n, (t, w) in enumerate(
            [("Play", 0), ("ing", 0), ("is", 1), ("playing", 2), ("!", 3), ("!", 4)]
        )
    ]
    pairs = same_word(Sides(tokens))
    assert np.argwhere(pairs).tolist() == [[0, 3], [1, 3], [3, 0], [3, 1]]


def test_induction_looks_at_what_followed_last_time() -> None:
    """By hand: the "a" of place 3 at the comma, and the "a" of place 4 at itself."""
    assert np.argwhere(induction(Sides(AGAIN))).tolist() == [[3, 2], [4, 4]]
    unknown = [replace(token, is_unknown=token.piece == "a") for token in AGAIN]
    assert not induction(Sides(unknown)).any()
    ends = [replace(token, piece="x") if token.is_special else token for token in AGAIN]
    assert np.argwhere(induction(Sides(ends))).tolist() == [[3, 2], [4, 4]]


def test_only_marks_are_punctuation() -> None:
    marks = {
        text
        for text in [",", "。", "「", "...", "##", "a.", "3", "+", "␣", " ."]
        if is_punctuation(replace(TOKENS[1], text=text))
    }
    assert marks == {",", "。", "「", "...", "##", " ."}
    assert not is_punctuation(replace(TOKENS[1], text=".", is_unknown=True))


def value(name: str, weights: np.ndarray) -> float:
    (found,) = [m for m in measures() if m.name == name]
    return float(found.compute(attention(weights, SAID, None, LENGTHS[:1])).values[0])


def test_closed_forms() -> None:
    assert value("entropy", UNIFORM) == pytest.approx(np.log(N), rel=1e-5)
    assert value("entropy", IDENTITY) == 0
    assert value("self", IDENTITY) == 1
    assert value("previous", PREVIOUS) == 1
    assert value("next", PREVIOUS) == 0
    assert value("self", UNIFORM) == pytest.approx(1 / N)
    assert value("special", UNIFORM) == pytest.approx(2 / N)
    assert value("hub", UNIFORM) == pytest.approx(1 / N)
    assert value("entropy_share", UNIFORM) == pytest.approx(1, rel=1e-5)
    assert value("entropy_share", IDENTITY) == 0
    assert value("sharpness", UNIFORM) == pytest.approx(1 / N)
    assert value("sharpness", PREVIOUS) == 1
    assert value("first", UNIFORM) == pytest.approx(1 / N)
    assert value("first", PREVIOUS) == pytest.approx(2 / N)
    assert value("separator", UNIFORM) == pytest.approx(1 / N)
    assert value("punctuation", UNIFORM) == pytest.approx(1 / N)
    assert value("same_word", UNIFORM) == pytest.approx(1 / N)
    # of the ordinary tokens 1, 2, 4 and 5, those more than one away from each of the seven
    assert value("elsewhere", UNIFORM) == pytest.approx((3 + 2 + 2 + 2 + 2 + 2 + 3) / 7 / N)
    assert value("norm_weighted", UNIFORM) == pytest.approx(LENGTHS[0].mean(), rel=1e-5)
    assert value("distance", IDENTITY) == 0
    assert value("distance", UNIFORM) == pytest.approx((N**2 - 1) / (3 * N), rel=1e-5)


def test_entropy_is_scipys() -> None:
    expected = scipy_entropy(RANDOM.astype(np.float64), axis=-1).mean(axis=-1)
    (entropy,) = [m for m in measures() if m.name == "entropy"]
    np.testing.assert_allclose(entropy.compute(attention(RANDOM)).values, expected, rtol=1e-5)


def test_measure_table_has_a_row_a_head(note: attnviz.Trace) -> None:
    table = attnviz.measure(note)
    assert len(table) == 72
    assert list(table.columns) == ["layer", "head", *(m.name for m in measures())]
    assert list(table.index) == list(range(72)), "and every row a number of its own"
    row = table[(table.layer == 0) & (table["head"] == 2)].iloc[0]
    assert row.previous > 0.999, "L0·H2 looks at the previous token"
    diagonal = np.diagonal(note.weights((0, 2)), -1).mean()
    assert row.previous == pytest.approx(float(diagonal), rel=1e-6)


def test_only_what_is_wanted_is_measured_and_of_weights_alone_where_that_is_enough(
    note: attnviz.Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = attnviz.measure(note, tokens=True)
    monkeypatch.setattr(measure_module, "lengths", lambda *_: pytest.fail("values were asked for"))
    some = attnviz.measure(note, tokens=True, only=("hub", "previous"))
    names = ["layer", "head", "hub", "previous", "hub_tokens", "previous_tokens"]
    assert list(some.columns) == names
    pd.testing.assert_frame_equal(some, every[names])


def test_jensen_shannon_is_scipys() -> None:
    expected = np.mean(jensenshannon(RANDOM[0], RANDOM[1], base=2, axis=-1) ** 2)
    assert jensen_shannon(RANDOM[0], RANDOM[1]) == pytest.approx(float(expected), abs=1e-6)
    assert jensen_shannon(RANDOM[0], RANDOM[0]) == pytest.approx(0, abs=1e-6)
    assert jensen_shannon(IDENTITY[0], PREVIOUS[0]) == pytest.approx((N - 1) / N)


@pytest.mark.parametrize("text", ["a", "the cat sat", "on the mat , the cat sat singing ."])
def test_the_most_different_pair_is_that_of_a_full_search(tiny: Model, text: str) -> None:
    trace = attnviz.trace(text, tiny)
    heads = trace.heads
    every = {
        pair: jensen_shannon(trace.weights(pair[0]), trace.weights(pair[1]))
        for pair in combinations(heads, 2)
    }
    a, b, found = most_different(trace)
    assert found == pytest.approx(max(every.values()), abs=1e-6)
    assert every[a, b] == pytest.approx(found, abs=1e-6)


def test_the_most_different_pair_of_the_note(note: attnviz.Trace) -> None:
    a, b, found = most_different(note)
    assert (a, b) == (HeadId(0, 2), HeadId(1, 8))
    assert found == pytest.approx(0.958, abs=0.001)


def test_the_bound_that_stops_the_search_holds() -> None:
    overlap = overlaps(RANDOM)
    for i, j in combinations(range(len(RANDOM)), 2):
        assert jensen_shannon(RANDOM[i], RANDOM[j]) <= np.sqrt(1 - overlap[i, j] ** 2) + 1e-5


def test_mean_and_maximum(note: attnviz.Trace) -> None:
    heads = [HeadId(0, 2), HeadId(1, 8), HeadId(3, 3)]
    stack = np.stack([note.weights(head) for head in heads])
    np.testing.assert_allclose(combined(iter(stack), "mean"), stack.mean(axis=0), atol=1e-7)
    np.testing.assert_array_equal(combined(iter(stack), "maximum"), stack.max(axis=0))


@pytest.mark.parametrize(
    ("weights", "pattern"),
    [(PREVIOUS, "previous"), (IDENTITY, "self"), (UNIFORM, "even")],
)
def test_descriptions_of_plain_heads(weights: np.ndarray, pattern: str) -> None:
    assert describe(weights[0], TOKENS).pattern == pattern


def test_a_favourite_token_is_named() -> None:
    weights = np.full((N, N), 0.02, dtype=np.float32)
    weights[:, 3] = 1 - 0.02 * (N - 1)
    found = describe(weights, TOKENS)
    assert (found.pattern, found.token) == ("token", "w3")
    assert found.share == pytest.approx(0.88)


def test_a_favourite_whose_text_stands_elsewhere_too_is_named_with_its_place() -> None:
    trace = attnviz.Trace.from_weights(["a", "b", "a"], np.tile([0.1, 0.1, 0.8], (1, 1, 3, 1)))
    assert describe(trace.weights((0, 0)), trace.tokens).token == "a (2)"
    assert "80.0 % on “a (2)”" in attnviz.lines(trace, [(0, 0)]).alt


def test_a_far_offset_is_a_pattern_too() -> None:
    weights = np.eye(N, k=-2, dtype=np.float32)
    weights[:2, 0] = 1
    found = describe(weights, TOKENS)
    assert (found.pattern, found.distance) == ("before", 2)
    assert found.share == pytest.approx((N - 2) / N)


def test_no_simple_pattern() -> None:
    weights = np.zeros((N, N), dtype=np.float32)
    for i in range(N):
        weights[i, [(i + 2) % N, (i + 4) % N]] = 0.5
    found = describe(weights, TOKENS)
    assert found.pattern == "none"
    assert found.entropy == pytest.approx(np.log(2), rel=1e-5)


def test_a_head_that_looks_ahead_is_told_from_one_that_looks_back() -> None:
    ahead = np.eye(N, k=2, dtype=np.float32)
    ahead[-2:, -1] = 1
    found = describe(ahead, TOKENS)
    assert (found.pattern, found.distance) == ("after", 2)
    following = np.eye(N, k=1, dtype=np.float32)
    following[-1, 0] = 1
    assert describe(following, TOKENS).pattern == "next"


def test_exactly_half_is_no_pattern() -> None:
    half = (np.eye(N) + np.roll(np.eye(N), 3, axis=1)).astype(np.float32) / 2
    found = describe(half, TOKENS)
    assert (found.pattern, found.strongest, found.share) == ("none", "self", 0.5)


def test_measures_of_a_table_by_hand() -> None:
    """Rows of eighths, one special token first: every number can be added up on paper."""
    table = np.array([[[4, 3, 1], [2, 0, 6], [1, 5, 2]]], dtype=np.float32) / 8
    tokens = [replace(TOKENS[1], is_special=n == 0) for n in range(3)]
    found = {m.name: float(m.compute(attention(table, tokens)).values[0]) for m in measures()}
    assert found["previous"] == (2 + 5) / 8 / 2
    assert found["next"] == (3 + 6) / 8 / 2
    assert found["self"] == pytest.approx((4 + 0 + 2) / 8 / 3)
    assert found["special"] == pytest.approx((4 + 2 + 1) / 8 / 3)
    assert found["hub"] == pytest.approx((1 + 6 + 2) / 8 / 3)
    assert found["distance"] == pytest.approx((3 + 2 * 1 + 2 + 6 + 2 * 1 + 5) / 8 / 3)


def test_how_far_a_sum_may_be_from_1() -> None:
    for off, taken in ((2**-8, True), (2**-8 + 2**-12, False)):
        for total in (1 - off, 1 + off):
            row = np.array([[total - 0.5, 0.5], [0, 1]])
            with contextlib.nullcontext() if taken else pytest.raises(CaptureError):
                check_distribution(row)


def test_a_single_token_is_described() -> None:
    assert describe(np.ones((1, 1), dtype=np.float32), TOKENS[:1]).pattern in ("self", "token")


def test_points_on_a_plane_are_found_again() -> None:
    points = np.random.default_rng(2).normal(size=(6, 2))
    squared = ((points[:, None] - points) ** 2).sum(axis=-1)
    places, kept = scaled(squared)
    np.testing.assert_allclose(((places[:, None] - places) ** 2).sum(axis=-1), squared, atol=1e-9)
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-9)
    assert kept == pytest.approx(1)


def test_the_map_says_which_part_of_space_it_keeps() -> None:
    points = np.random.default_rng(4).normal(size=(7, 4)) * [3, 2, 1, 0.5]
    squared = ((points[:, None] - points) ** 2).sum(axis=-1)
    left, sizes, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    places, kept = scaled(squared)
    np.testing.assert_allclose(np.abs(places), np.abs(left[:, :2] * sizes[:2]), atol=1e-9)
    assert kept == pytest.approx(float((sizes[:2] ** 2).sum() / (sizes**2).sum()))


def test_a_map_of_what_is_no_space_counts_no_negative_part() -> None:
    """Of these four, three stand 2 from each other and 1 from the fourth: no space has those."""
    squared = np.full((4, 4), 4.0)
    squared[3] = squared[:, 3] = 1
    np.fill_diagonal(squared, 0)
    sizes = np.linalg.eigvalsh(-(np.eye(4) - 0.25) @ squared @ (np.eye(4) - 0.25) / 2)
    assert sizes.min() < -0.1
    assert scaled(squared)[1] == pytest.approx(sizes[-2:].sum() / sizes[sizes > 0].sum())


@pytest.mark.parametrize("count", [1, 3])
def test_heads_that_are_all_alike_stand_on_one_point(count: int) -> None:
    places, kept = scaled(np.zeros((count, count)))
    np.testing.assert_array_equal(places, np.zeros((count, 2)))
    assert kept == 1


def test_distances_of_the_head_map_are_hellingers(tiny: Model) -> None:
    trace = attnviz.trace("the cat sat", tiny)
    found = head_map(trace)
    for i, one in enumerate(trace.heads):
        for j, other in enumerate(trace.heads):
            roots = np.sqrt(trace.weights(one).astype(float)), np.sqrt(trace.weights(other))
            squared = ((roots[0] - roots[1]) ** 2).sum(axis=-1) / 2
            assert found.distances[i, j] ** 2 == pytest.approx(squared.mean(), abs=1e-5)
    places, kept = scaled(found.distances**2)
    assert found.kept == pytest.approx(kept)
    np.testing.assert_allclose(np.abs(found.places), np.abs(places), atol=1e-6)


@pytest.mark.parametrize("measure", measures(), ids=lambda m: m.name)
def test_the_range_of_a_measure_is_no_wider_than_it_must_be(measure: Measure) -> None:
    lengths = dict.fromkeys(("value_weighted", "norm_weighted"), math.inf)
    expected = {"entropy": np.log(N), "distance": N - 1, **lengths}
    assert measure.largest(N) == pytest.approx(expected.get(measure.name, 1))


def test_the_most_different_head_of_a_layer_is_that_of_a_full_search(tiny: Model) -> None:
    trace = attnviz.trace("the cat sat", tiny)
    for layer, head in trace.heads:
        apart = [
            jensen_shannon(trace.weights((layer, head)), trace.weights((layer, other)))
            for other in range(tiny.card.heads)
        ]
        found = most_different_beside(trace, (layer, head))
        assert found.layer == layer
        assert apart[found.head] == pytest.approx(max(apart), abs=1e-6)
        assert found.head != head
    with pytest.raises(attnviz.InterventionError, match="There is no head"):
        most_different_beside(trace, (0, -1))


def test_the_share_on_targets_by_hand() -> None:
    """Two heads, three queries, two looks: the second has a target for one query alone."""
    weights = np.arange(18, dtype=float).reshape(2, 3, 3)
    targets = np.array([[2, 0, 1], [-1, 2, -1]])
    expected = [[(2 + 3 + 7) / 3, 5], [(11 + 12 + 16) / 3, 14]]
    np.testing.assert_allclose(on_target(weights, targets), expected)
    np.testing.assert_array_equal(on_target(weights, np.full((1, 3), -1)), [[0], [0]])


@pytest.mark.parametrize(("off", "known"), [(0.5e-5, True), (2e-5, False)])
def test_a_spread_is_told_of_rows_that_sum_to_1_but_for_rounding(off: float, known: bool) -> None:
    for total in (1 - off, 1 + off):
        weights = np.full((N, N), total / N)
        assert (describe(weights, TOKENS).entropy is not None) == known


def test_even_is_85_percent_of_the_widest_spread() -> None:
    """Rows over k of 60 keys that no offset nor token collects: entropy ln k."""
    count = 60
    tokens = [replace(TOKENS[1], text=str(n), position=n) for n in range(count)]
    for some, pattern in ((32, "none"), (33, "even")):
        weights = np.zeros((count, count))
        for query in range(count):
            weights[query, (7 * query + np.arange(some)) % count] = 1 / some
        found = describe(weights, tokens)
        assert found.entropy == pytest.approx(np.log(some))
        assert found.most_entropy == pytest.approx(np.log(count))
        assert (np.log(some) >= 0.85 * np.log(count)) == (pattern == "even")
        assert found.pattern == pattern


@pytest.mark.parametrize(
    ("low", "high", "whole"),
    [
        (1.0, 1.0, True),
        (1 - 9e-6, 1 + 9e-6, True),
        (0.5, 1.0, False),
        (1.0, 1.5, False),
        (0.0, 0.0, False),
    ],
)
def test_rows_sum_to_one_if_the_smallest_and_the_largest_do(
    low: float, high: float, whole: bool
) -> None:
    assert sum_to_one(low, high) == whole
