"""The lens: what is hidden, merged and renormalised, and that all of it is counted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.analysis.lens import Lens, apply_lens
from attnviz.core.maps import Place
from attnviz.models.load import Model
from tests.tokens import token

# [CLS] un ##believ able . [SEP], the middle one word of three pieces
WORDS = (None, 0, 0, 0, 1, None)
TOKENS = [token(f"t{i}", i, word) for i, word in enumerate(WORDS)]
BY_HAND = np.array(
    [
        [0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
        [0.1, 0.4, 0.2, 0.1, 0.1, 0.1],
        [0.3, 0.1, 0.1, 0.3, 0.1, 0.1],
        [0.2, 0.2, 0.2, 0.2, 0.1, 0.1],
        [0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        [0.9, 0.0, 0.0, 0.0, 0.0, 0.1],
    ],
    dtype=np.float32,
)


def test_nothing_asked_nothing_done() -> None:
    view = apply_lens(BY_HAND, TOKENS, Lens())
    np.testing.assert_array_equal(view.values, BY_HAND)
    assert view.shown.all()
    assert view.withheld.weak_hidden == view.withheld.special_hidden == 0


def test_words_sum_over_keys_and_average_over_queries_by_hand() -> None:
    view = apply_lens(BY_HAND, TOKENS, Lens(unit="word"))
    assert [place.text for place in view.rows] == ["t0", "t1t2t3", "t4", "t5"]
    expected = [
        [0.5, 0.3, 0.1, 0.1],
        [0.2, (0.7 + 0.5 + 0.6) / 3, 0.1, 0.1],
        [0.0, 0.0, 1.0, 0.0],
        [0.9, 0.0, 0.0, 0.1],
    ]
    np.testing.assert_allclose(view.values, expected, atol=1e-6)
    assert view.withheld.pieces_merged == 3


def test_hidden_special_tokens_are_counted_with_their_share() -> None:
    view = apply_lens(BY_HAND, TOKENS, Lens(hide_special=True))
    np.testing.assert_array_equal(view.values, BY_HAND[1:5, 1:5])
    assert view.withheld.special_hidden == 2
    assert view.withheld.special_share == pytest.approx((0.2 + 0.4 + 0.3 + 0.0) / 4)
    assert not view.withheld.renormalised


def test_renormalised_rows_sum_to_one_and_a_row_of_zeros_stays() -> None:
    weights = BY_HAND.copy()
    weights[4] = [0.5, 0, 0, 0, 0, 0.5]
    view = apply_lens(weights, TOKENS, Lens(hide_special=True, renormalise=True))
    np.testing.assert_allclose(view.values.sum(axis=1), [1, 1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(view.values[0], np.array([0.4, 0.2, 0.1, 0.1]) / 0.8, atol=1e-6)
    assert view.withheld.renormalised
    assert view.withheld.rows_empty == 1
    assert apply_lens(weights, TOKENS, Lens(hide_special=True)).withheld.rows_empty == 0


def test_strongest_until_by_hand() -> None:
    view = apply_lens(BY_HAND, TOKENS, Lens(strongest=0.55))
    assert view.shown[1].tolist() == [False, True, True, False, False, False]
    assert view.shown[4].tolist() == [False, False, False, False, True, False]


def test_at_least_by_hand() -> None:
    view = apply_lens(BY_HAND, TOKENS, Lens(at_least=0.3))
    assert int(view.shown.sum()) == 6
    assert view.withheld.weak_hidden == 30
    assert view.withheld.weak_share == pytest.approx((0.5 + 0.6 + 0.4 + 1.0 + 0 + 0.1) / 6)


lenses = st.builds(
    Lens,
    unit=st.sampled_from(["piece", "word"]),
    hide_special=st.booleans(),
    renormalise=st.booleans(),
    at_least=st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]),
    strongest=st.sampled_from([0.05, 0.5, 0.9, 1.0]),
)


@given(lens=lenses, seed=st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_all_attention_is_shown_or_counted(lens: Lens, seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.full(6, 0.4), size=6).astype(np.float32)
    view = apply_lens(weights, TOKENS, lens)
    withheld = view.withheld
    shown = np.where(view.shown, view.values, 0).sum(axis=1).mean()
    whole = 1.0 if withheld.renormalised else 1.0 - withheld.special_share
    assert shown + withheld.weak_share == pytest.approx(whole, abs=1e-5)
    assert int(view.shown.sum()) + withheld.weak_hidden == view.values.size
    if lens.strongest < 1 and lens.at_least == 0:
        reached = np.where(view.shown, view.values, 0).sum(axis=1)
        assert (reached >= lens.strongest * view.values.sum(axis=1) - 1e-5).all()


def test_words_of_a_real_sentence_keep_rows_of_one(minilm: Model) -> None:
    trace = attnviz.trace("Unbelievably, the seismologist misinterpreted it.", minilm)
    view = apply_lens(trace.weights((2, 3)), trace.tokens, Lens(unit="word"))
    np.testing.assert_allclose(view.values.sum(axis=1), 1, atol=1e-5)
    assert "seismologist" in [place.text for place in view.rows]


def test_a_place_is_named_by_its_text_and_its_positions() -> None:
    assert Place("cat", (3,), False, False).name == "cat (3)"
    assert Place("cats", (3, 4, 5), False, False).name == "cats (3–5)"


def test_a_share_is_of_whole_rows() -> None:
    view = apply_lens(BY_HAND, TOKENS, Lens(hide_special=True))
    first_two = np.zeros((4, 4), bool)
    first_two[:, :2] = True
    assert view.share(first_two) == pytest.approx((0.6 + 0.2 + 0.4 + 0.0) / 4)
    halves = apply_lens(BY_HAND / 2, TOKENS, Lens(hide_special=True))
    assert halves.share(first_two) == pytest.approx(view.share(first_two))


def test_rounding_brings_no_word_above_1_and_nothing_else_is_cut() -> None:
    tokens = [replace(TOKENS[1], position=n) for n in range(2)]
    above = np.nextafter(np.float32(0.5), np.float32(1)) + np.float32(1e-7)
    weights = np.array([[0.5, above], [0.5, above]], np.float32)
    assert weights.sum(axis=1).min() > 1
    assert apply_lens(weights, tokens, Lens(unit="word")).values.tolist() == [[1.0]]
    given = np.array([[0.5, 0.625], [0.5, 0.625]], np.float32)
    assert apply_lens(given, tokens, Lens(unit="word")).values.tolist() == [[1.125]]


def test_a_place_with_one_unspaced_letter_is_no_word() -> None:
    letter, accent = (
        replace(TOKENS[1], source=source, position=n) for n, source in enumerate(("猫", "\u0301"))
    )
    weights = np.full((2, 2), 0.5, np.float32)
    withheld = apply_lens(weights, [letter, accent], Lens(unit="word")).withheld
    assert (withheld.no_words, withheld.pieces_merged) == (1, 2)
    assert apply_lens(weights, [letter, accent], Lens()).withheld.no_words == 0


def test_nothing_is_left_of_special_tokens_alone() -> None:
    tokens = [replace(TOKENS[0], position=n) for n in range(2)]
    view = apply_lens(np.full((2, 2), 0.5, np.float32), tokens, Lens(hide_special=True))
    assert (view.rows, view.values.shape) == ((), (0, 0))
    assert view.share(view.shown) == view.withheld.special_share == view.withheld.weak_share == 0


def test_a_word_is_called_by_its_text_in_the_sentence_and_pieces_by_their_own() -> None:
    tokens = [
        replace(TOKENS[1], position=n, word=0, text=f"##p{n}", word_text="whole") for n in range(2)
    ]
    weights = np.full((2, 2), 0.5, np.float32)
    assert [p.text for p in apply_lens(weights, tokens, Lens(unit="word")).rows] == ["whole"]
    assert [p.text for p in apply_lens(weights, tokens, Lens()).rows] == ["##p0", "##p1"]


def test_a_word_with_a_blank_in_it_is_marked_as_one() -> None:
    tokens = [replace(TOKENS[1], position=n, word=0, is_unknown=n == 1) for n in range(2)]
    weights = np.full((2, 2), 0.5, np.float32)
    assert [p.is_unknown for p in apply_lens(weights, tokens, Lens(unit="word")).rows] == [True]
    assert [p.is_unknown for p in apply_lens(weights, tokens, Lens()).rows] == [False, True]
