"""What claims are judged by: lift, patterns, divergences, distances, and the block recomputed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

import attnviz
from attnviz.analysis.apart import apart
from attnviz.analysis.difference import jensen_shannon
from attnviz.analysis.divergences import divergences
from attnviz.analysis.fixed import variation
from attnviz.analysis.lift import distances, lift, lift_by_distance
from attnviz.analysis.own_weight import self_over_others, self_wins
from attnviz.analysis.recompute import (
    add_and_norm,
    attention_block,
    blend,
    heads_from_x,
    largest_error,
    weights,
)
from attnviz.core.card import Norm
from attnviz.lessons.claims import Case, claims
from attnviz.models.load import Model

N = 6
UNIFORM = np.full((2, N, N), 1 / N)
RANDOM = np.random.default_rng(0).dirichlet(np.ones(N), size=(3, N))
EVERYONE = distances(np.arange(N), np.arange(N))


def test_an_even_spread_has_lift_one() -> None:
    np.testing.assert_allclose(lift_by_distance(UNIFORM, EVERYONE), 1)
    np.testing.assert_allclose(lift(UNIFORM, EVERYONE > 2), 1)


def test_all_attention_on_itself() -> None:
    curve = lift_by_distance(np.eye(N)[None], EVERYONE)
    np.testing.assert_allclose(curve, [[N, 0, 0, 0, 0, 0]])


def test_lift_equals_a_loop() -> None:
    curve = lift_by_distance(RANDOM, EVERYONE)
    for head in range(len(RANDOM)):
        for distance in range(N):
            cells = [
                RANDOM[head, q, k] * N for q in range(N) for k in range(N) if abs(q - k) == distance
            ]
            assert curve[head, distance] == pytest.approx(sum(cells) / len(cells))
            assert lift(RANDOM, np.equal(EVERYONE, distance))[head] == pytest.approx(
                curve[head, distance]
            )


def test_some_queries_over_all_keys() -> None:
    words = np.array([1, 4])
    apart_by = distances(words, np.arange(N))
    np.testing.assert_array_equal(apart_by, [[1, 0, 1, 2, 3, 4], [4, 3, 2, 1, 0, 1]])
    curve = lift_by_distance(RANDOM[:, words], apart_by)
    expected = N * (RANDOM[:, 1, 1] + RANDOM[:, 4, 4]) / 2
    np.testing.assert_allclose(curve[:, 0], expected)


def test_a_distance_that_nobody_has() -> None:
    apart_by = distances(np.array([1, 3]), np.array([1, 3]))
    curve = lift_by_distance(np.array([[[0.5, 0.5], [0.25, 0.75]]]), apart_by)
    np.testing.assert_allclose(curve, [[1.25, 0, 0.75]])
    np.testing.assert_allclose(lift(UNIFORM, EVERYONE > N), 0)
    one_pair = np.equal(np.arange(N * N).reshape(N, N), 8)
    np.testing.assert_allclose(lift(RANDOM, one_pair), N * RANDOM[:, 1, 2])


def test_a_distance_that_one_pair_has() -> None:
    curve = lift_by_distance(RANDOM[:, :1], EVERYONE[:1])
    np.testing.assert_allclose(curve, N * RANDOM[:, 0])


def test_a_filter_does_not_vary() -> None:
    shifted = np.eye(N, k=-1)
    shifted[0, 0] = 1  # the first token has no previous one
    inside = variation(np.stack([np.eye(N), np.full((N, N), 1 / N)]))
    np.testing.assert_allclose(inside, 0, atol=1e-12)
    assert 0 < variation(shifted[None])[0] < 0.3


def test_a_head_that_always_looks_at_one_token_varies() -> None:
    hub = np.zeros((1, N, N))
    hub[..., 2] = 1
    assert variation(hub)[0] > 0.4


def test_variation_equals_a_loop() -> None:
    for head, found in zip(RANDOM, variation(RANDOM), strict=True):
        total = 0.0
        for q in range(N):
            pattern = [
                float(np.mean([head[p, p + k - q] for p in range(N) if 0 <= p + k - q < N]))
                for k in range(N)
            ]
            scale = sum(pattern)
            total += sum(abs(head[q, k] - pattern[k] / scale) for k in range(N)) / 2
        assert found == pytest.approx(total / N)


# ---- only what is allowed counts

CAUSAL = np.tri(N, dtype=bool)
EVEN_BEFORE = np.tri(N) / np.arange(1, N + 1)[:, None]  # evenly over all that is allowed


def test_an_even_spread_over_what_is_allowed_has_lift_one() -> None:
    allowed = CAUSAL[None]
    weights = np.stack([EVEN_BEFORE, EVEN_BEFORE])
    np.testing.assert_allclose(lift_by_distance(weights, EVERYONE, allowed), 1)
    for distance in range(N):
        np.testing.assert_allclose(lift(weights, np.equal(EVERYONE, distance), allowed), 1)
    np.testing.assert_allclose(lift(weights, ~CAUSAL, allowed), 0)


def test_lift_on_itself_behind_a_causal_mask() -> None:
    """Query q has q + 1 keys, so all attention on itself is q + 1 times an even spread."""
    curve = lift_by_distance(np.eye(N)[None], EVERYONE, CAUSAL[None])
    np.testing.assert_allclose(curve, [[(N + 1) / 2, 0, 0, 0, 0, 0]])
    assert lift(np.eye(N), EVERYONE == 0, CAUSAL) == pytest.approx((N + 1) / 2)


def test_each_head_counts_the_pairs_that_it_may_look_at() -> None:
    weights, allowed = np.stack([EVEN_BEFORE, UNIFORM[0]]), np.stack([CAUSAL, np.ones_like(CAUSAL)])
    np.testing.assert_allclose(lift_by_distance(weights, EVERYONE, allowed), 1)
    np.testing.assert_allclose(lift(weights, EVERYONE > 2, allowed), 1)


def test_a_pattern_is_the_mean_over_what_is_allowed() -> None:
    """Offset −1 is allowed to the second query alone: ½ there, not the mean of ½ and 0.

    Offset 0 has ⅔ on average, so both later queries expect 3/7 and 4/7 and give ½ and ½.
    """
    allowed = np.array([[[1, 0, 0], [1, 1, 0], [1, 0, 1]]], bool)
    weights = np.array([[[1, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5]]])
    np.testing.assert_allclose(variation(weights, allowed), [1 / 21])


def test_a_query_that_may_look_nowhere_has_no_pattern() -> None:
    allowed = np.array([[[1, 0, 0], [1, 1, 0], [0, 0, 0]]], bool)
    weights = np.array([[[1, 0, 0], [0.5, 0.5, 0], [0, 0, 0]]])
    np.testing.assert_allclose(variation(weights, allowed), [(0 + 0.1) / 2])


def test_a_query_without_another_key_wins_nothing() -> None:
    """Behind a causal mask the first query has itself alone; the others prefer themselves."""
    own = np.tri(N) * 0.1 + np.eye(N)
    assert self_wins(own, EVERYONE, CAUSAL) == 1
    assert self_over_others(own, EVERYONE, CAUSAL) == 1
    assert self_wins(EVEN_BEFORE, EVERYONE, CAUSAL) == 0
    assert self_over_others(EVEN_BEFORE, EVERYONE, CAUSAL) == 0, "not above what is not allowed"


def test_claims_on_where_heads_look_count_what_is_allowed() -> None:
    """An even spread behind a causal mask: lift 1 at every distance, and no head on itself."""
    words = [f"word{n}" for n in range(10)]
    even = np.tri(10) / np.arange(1, 11)[:, None]
    trace = attnviz.Trace.from_weights(words, even[None, None], allowed=np.tri(10))
    judged = {
        claim.name: claim.judge(Case(trace)).numbers
        for claim in claims()
        if claim.name in ("C13", "C14")
    }
    assert judged["C13"]["lift"] == "1.00"
    assert (judged["C14"]["near"], judged["C14"]["far"]) == ("1.00", "1.00")


def test_divergences_are_those_of_pairs() -> None:
    heads = np.concatenate([RANDOM, np.eye(N)[None], np.eye(N)[::-1][None]])
    found = divergences(heads)
    assert found[3, 4] == pytest.approx(1), "an even number of places: they never meet"
    for one in range(len(heads)):
        for other in range(len(heads)):
            expected = jensen_shannon(heads[one], heads[other])
            assert found[one, other] == pytest.approx(expected, abs=1e-12)


def test_how_far_apart_matrices_are() -> None:
    a = np.random.default_rng(1).normal(size=(5, 4))
    distance = apart(np.stack([a, a, -a, 2 * a, np.zeros_like(a)]))
    assert distance[0, 1] == pytest.approx(0, abs=1e-7)
    assert distance[0, 2] == pytest.approx(2)
    assert distance[0, 3] == pytest.approx(1 / np.sqrt((1 + 4) / 2))
    assert distance[0, 4] == pytest.approx(np.sqrt(2))
    np.testing.assert_allclose(distance, distance.T)


def test_the_recomputed_block_equals_torch(note: attnviz.Trace) -> None:
    for layer in (0, 5):
        record, learned = note.record(layer), note.learned[layer]
        q, k, v = (torch.tensor(a).double() for a in (record.queries, record.keys, record.values))
        z = functional.scaled_dot_product_attention(q, k, v)
        np.testing.assert_allclose(blend(record), z, atol=1e-12)
        shares = torch.softmax(q @ k.transpose(1, 2) / 32**0.5, dim=-1)
        np.testing.assert_allclose(weights(record), shares, atol=1e-12)
        x = torch.tensor(note.residual(layer)).double()
        q, k, v = (
            (x @ torch.tensor(p.weight).double() + torch.tensor(p.bias))
            .view(len(x), 12, 32)
            .transpose(0, 1)
            for p in (learned.query, learned.key, learned.value)
        )
        z = functional.scaled_dot_product_attention(q, k, v)
        np.testing.assert_allclose(heads_from_x(record, note.residual(layer)), z, atol=1e-9)
        written = z.transpose(0, 1).flatten(1) @ torch.tensor(learned.output.weight).double()
        expected = functional.layer_norm(
            x + written + torch.tensor(learned.output.bias),
            (384,),
            torch.tensor(learned.norm.gain).double(),
            torch.tensor(learned.norm.bias).double(),
            learned.norm.epsilon,
        )
        found = attention_block(record, note.residual(layer))
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_add_and_norm_is_torchs_whatever_its_epsilon() -> None:
    random = np.random.default_rng(8)
    x, written = random.normal(size=(2, 5, 4))
    gain, bias = random.normal(size=(2, 4)).astype(np.float32)
    norm = Norm(gain, bias, 0.5)
    expected = functional.layer_norm(
        torch.tensor(x + written),
        (4,),
        torch.tensor(norm.gain).double(),
        torch.tensor(norm.bias).double(),
        0.5,
    )
    np.testing.assert_allclose(add_and_norm(x, written, norm), expected, atol=1e-12)


def test_heads_that_are_off_write_nothing_in_the_recomputed_block(tiny: Model) -> None:
    off = [attnviz.HeadOff(1, 0), attnviz.HeadOff(1, 3)]
    changed = attnviz.trace("the cat sat", tiny, interventions=off)
    record, x = changed.record(1), changed.residual(1)
    found = attention_block(record, x, [0, 3])
    np.testing.assert_allclose(found, changed.after_attention(1), atol=1e-5)
    whole = attention_block(record, x)
    assert np.abs(whole - found).max() > 0.01


def test_a_mask_hides_keys(tiny: Model) -> None:
    record = attnviz.trace("the cat sat", tiny).record(0)
    allowed = np.ones((1, 1, record.keys.shape[1]), bool)
    allowed[..., 1] = False
    q, k, v = (torch.tensor(a).double() for a in (record.queries, record.keys, record.values))
    without = [0, 2, 3, 4]
    expected = functional.scaled_dot_product_attention(q, k[:, without], v[:, without])
    np.testing.assert_allclose(blend(replace(record, allowed=allowed)), expected, atol=1e-9)


def test_errors_are_relative() -> None:
    assert largest_error(np.array([4.0, -8.0]), np.array([4.0, -6.0])) == pytest.approx(0.25)
    assert largest_error(np.zeros(3), np.zeros(3)) == 0
