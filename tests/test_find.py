"""Weights as a table, heads by what they look at, two heads that differ in kind, and pairs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import attnviz
from attnviz.analysis.contrast import contrast
from attnviz.analysis.difference import jensen_shannon, most_different
from attnviz.core.given import GivenWeights
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.models.load import Model

RNG = np.random.default_rng(4)
CAUSAL = np.tril(np.ones((5, 5)))


def drawn(mask: np.ndarray | None = None, layers: int = 2, heads: int = 3) -> np.ndarray:
    weights = RNG.random((layers, heads, 5, 5)) * (1 if mask is None else mask)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


# ---- the table of all weights


def test_a_row_of_the_table_is_a_weight_and_the_weights_come_back(note: Trace) -> None:
    table = note.to_frame()
    assert list(table.columns) == ["layer", "head", "query", "key", "weight", "allowed"]
    assert len(table) == 72 * 27 * 27
    assert table.allowed.all()
    back = table.weight.to_numpy().reshape(6, 12, 27, 27)
    for layer in range(6):
        np.testing.assert_array_equal(back[layer], note.layer_weights(layer))
    row = table[(table["layer"] == 1) & (table["head"] == 8)].nlargest(1, "weight").iloc[0]
    assert note.weights((1, 8))[int(row["query"]), int(row["key"])] == row["weight"]
    some = note.to_frame([(3, 2), (0, 1)])
    assert some.groupby(["layer", "head"], sort=False).size().to_dict() == {
        (3, 2): 729,
        (0, 1): 729,
    }


def test_where_nothing_is_allowed_the_table_has_no_weight() -> None:
    table = Trace.from_weights("abcde", drawn(CAUSAL), allowed=CAUSAL).to_frame()
    np.testing.assert_array_equal(table.allowed, table.key <= table["query"])
    np.testing.assert_array_equal(table.weight.isna(), ~table.allowed)
    sums = table.groupby(["layer", "head", "query"]).weight.sum()
    np.testing.assert_allclose(sums, 1, atol=1e-6)


def test_a_table_that_is_too_long_is_refused_and_a_part_of_it_is_not(
    note: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.analysis.frame.MOST_ROWS", 729 * 2)
    assert len(note.to_frame([(0, 2), (1, 8)])) == 729 * 2
    with pytest.raises(attnviz.ArgumentError, match="52,488, more than 1,458") as said:
        note.to_frame()
    assert "52,488 行" in said.value.text("zh")
    with pytest.raises(attnviz.InterventionError, match="no head"):
        note.to_frame([(6, 0)])


# ---- heads by what they look at


@pytest.mark.parametrize(
    ("what", "offset"), [("previous", -1), ("next", 1), ("self", 0), ("next ", 1)]
)
def test_heads_are_ranked_by_their_share(note: Trace, what: str, offset: int) -> None:
    found = attnviz.find(note, what)
    shares = {h: float(np.diagonal(note.weights(h), offset).mean()) for h in note.heads}
    assert [one.head for one in found[:5]] == sorted(shares, key=lambda h: -shares[h])[:5]
    for head, share, tokens in found:
        assert share == pytest.approx(shares[head], rel=1e-5)
        assert tokens == 27 - abs(offset)


def test_the_heads_that_are_known_are_found(note: Trace) -> None:
    assert attnviz.find(note, "previous")[0].head == HeadId(0, 2)
    assert attnviz.find(note, "next")[0].head == HeadId(1, 8)
    head, share, tokens = attnviz.find(note, "same word")[0]
    repeated = [i for i, t in enumerate(note.tokens) if t.text == "is"]  # and "," is no word
    assert tokens == sum(
        [t.text for t in note.tokens].count(t.text) > 1 and t.text.isalpha() for t in note.tokens
    )
    assert head == HeadId(2, 9)
    assert share == pytest.approx(0.428, abs=1e-3)
    assert len(repeated) == 1
    assert attnviz.find(note, "same_word") == attnviz.find(note, "same word")


def test_a_token_is_found_by_its_position(note: Trace) -> None:
    found = attnviz.find(note, 9)
    expected = {head: float(note.weights(head)[:, 9].mean()) for head in note.heads}
    assert found[0].head == max(expected, key=lambda head: expected[head])
    assert found[0].share == pytest.approx(max(expected.values()), rel=1e-5)
    assert attnviz.find(note, 0)[0] == attnviz.find(note, "first")[0]


def test_pairs_that_are_not_allowed_count_nowhere() -> None:
    trace = Trace.from_weights("abcde", drawn(CAUSAL), allowed=CAUSAL)
    head, share, tokens = attnviz.find(trace, 3)[0]
    assert tokens == 2, "the last two may look at it"
    assert share == pytest.approx(float(trace.weights(head)[3:, 3].mean()), rel=1e-5)
    assert attnviz.find(trace, "next") == (), "nobody may look at the next"
    assert attnviz.find(trace, "separator") == (), "there is none"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("colour", "'previous'"),
        (27, "no token at position 27"),
        (-1, "position -1"),
    ],
)
def test_what_heads_cannot_be_found_by_gets_a_sentence(
    note: Trace, what: str | int, said: str
) -> None:
    with pytest.raises(attnviz.ArgumentError, match=said) as problem:
        attnviz.find(note, what)
    assert problem.value.text("zh") != problem.value.text("en")


# ---- two heads that differ in kind


def test_the_two_heads_of_the_note_differ_in_kind(note: Trace) -> None:
    found = contrast(note)
    assert found.in_kind
    assert (found.a.head, found.a.measure) == (HeadId(0, 2), "previous")
    assert found.a.share == pytest.approx(attnviz.find(note, "previous")[0].share)
    assert (found.b.head, found.b.measure) == (HeadId(2, 9), "same_word")
    assert found.b.share == pytest.approx(attnviz.find(note, "same word")[0].share)
    apart = jensen_shannon(note.weights(found.a.head), note.weights(found.b.head))
    assert found.divergence == pytest.approx(apart)
    assert contrast(note) == found, "the same each time"


def one_layer(*heads: np.ndarray) -> Trace:
    weights = np.stack([head / head.sum(axis=1, keepdims=True) for head in heads])[None]
    return Trace.from_weights(list("abcdefgh"), weights)


EIGHT = np.ones((8, 8))
BACK = np.eye(8, k=-1) + 1e-3
HUB = EIGHT * 0.1
HUB[:, 5] = 2
FAR = np.abs(np.subtract.outer(np.arange(8), np.arange(8))) > 1  # all but itself and neighbours


def test_a_hub_is_content_and_so_is_looking_far() -> None:
    found = contrast(one_layer(EIGHT, HUB, BACK))
    assert (found.a.head.head, found.a.measure) == (2, "previous")
    assert (found.b.head.head, found.b.measure, found.b.tokens) == (1, "hub", 8)
    assert found.b.share == pytest.approx(2 / 2.7)
    found = contrast(one_layer(FAR + 1e-3, BACK))
    assert (found.b.head.head, found.b.measure) == (0, "elsewhere")


def test_without_two_kinds_it_is_the_most_different_pair() -> None:
    for trace in (one_layer(BACK, np.eye(8), np.eye(8, k=1) + 1e-3), one_layer(EIGHT, HUB)):
        found = contrast(trace)
        assert not found.in_kind
        assert (found.a.head, found.b.head, found.divergence) == most_different(trace)
        assert found.a.measure == found.b.measure == ""
        assert np.isnan(found.a.share)


def test_a_model_of_one_head_has_no_pair() -> None:
    found = contrast(one_layer(BACK))
    assert found.a.head == found.b.head == HeadId(0, 0)
    assert found.divergence == 0


# ---- pairs of sentences


def test_shares_between_two_sentences_are_those_of_a_slow_sum(minilm: Model) -> None:
    trace = attnviz.trace("The cat sat on the mat.", minilm, "It was tired.")
    table = attnviz.between_sentences(trace)
    assert len(table) == 72
    side = ["special" if t.is_special else "ab"[t.segment] for t in trace.tokens]
    assert (side.count("a"), side.count("b"), side.count("special")) == (7, 4, 3)
    for row in (0, 30, 71):
        layer, head = trace.heads[row]
        weights = trace.weights((layer, head)).astype(float)
        assert (table["layer"][row], table["head"][row]) == (layer, head)
        for one in "ab":
            for other in ("a", "b", "special"):
                sums = [
                    sum(weights[q, k] for k in range(len(side)) if side[k] == other)
                    for q in range(len(side))
                    if side[q] == one
                ]
                expected = sum(sums) / len(sums)
                assert table[f"{one}_to_{other}"][row] == pytest.approx(expected, abs=1e-6)
    for one in "ab":
        whole = table[[f"{one}_to_{other}" for other in ("a", "b", "special")]].sum(axis=1)
        np.testing.assert_allclose(whole, 1, atol=1e-5)


def test_one_sentence_is_no_pair(note: Trace) -> None:
    with pytest.raises(attnviz.CaptureError, match="no second sentence") as problem:
        attnviz.between_sentences(note)
    assert "没有第二句话" in problem.value.text("zh")


def test_how_many_tokens_a_measure_rests_on_is_in_the_table(note: Trace) -> None:
    table = attnviz.measure(note, tokens=True)
    assert isinstance(table, pd.DataFrame)
    assert set(table["previous_tokens"]) == {26}
    assert set(table["entropy_tokens"]) == {27}
    alone = attnviz.measure(attnviz.trace("hello"), tokens=True)
    assert alone["same_word"].isna().all()
    assert set(alone["same_word_tokens"]) == {0}


# ---- attention of several kinds


def test_heads_of_an_encoder_and_a_decoder_are_told_apart() -> None:
    """Self attention of a source of five tokens, and of a target of three that look at it."""
    plain = Trace.from_weights("abcde", drawn(layers=1, heads=2))
    target = Trace.from_weights("xyc", np.full((1, 1, 3, 3), 1 / 3)).tokens
    cross = RNG.dirichlet(np.ones(5), size=(2, 3)).astype(np.float32)
    trace = replace(
        plain,
        sequences={"source": plain.tokens, "target": target},
        attention={
            ("encoder", 0): plain.attention["self", 0],
            ("cross", 0): GivenWeights(cross, None),
        },
    )
    table = attnviz.measure(trace, tokens=True)
    assert table["kind"].tolist() == ["encoder", "encoder", "cross", "cross"]
    across = table[table["kind"] == "cross"].reset_index()
    for name in ("previous", "next", "self", "distance"):
        assert across[name].isna().all(), "offsets between two texts mean nothing"
    np.testing.assert_allclose(across["sharpness"], cross.max(axis=-1).mean(axis=-1), rtol=1e-5)
    np.testing.assert_allclose(across["same_word"], cross[:, 2, 2], rtol=1e-5)
    assert set(across["same_word_tokens"]) == {1}
    assert {one.head.kind for one in attnviz.find(trace, "previous")} == {"encoder"}
    assert len(attnviz.find(trace, 4)) == 4
    rows = trace.to_frame()
    assert rows.groupby("kind").size().to_dict() == {"cross": 2 * 3 * 5, "encoder": 2 * 5 * 5}
    weights = rows[rows["kind"] == "cross"].weight.to_numpy().reshape(2, 3, 5)
    np.testing.assert_array_equal(weights, cross)
    seen = attnviz.difference(trace, (0, 0, "cross"), (0, 1, "cross"))
    np.testing.assert_array_equal(seen.values, cross[0] - cross[1])
    with pytest.raises(attnviz.ArgumentError, match="not of one kind"):
        attnviz.difference(trace, (0, 0, "cross"), (0, 1, "encoder"))
