"""The record of one layer's attention, and traces of more than one kind of it."""

import copy
import pickle
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers.models.gemma2.modeling_gemma2 import eager_attention_forward as capped
from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward as with_sinks

import attnviz
from attnviz.core.attention import AttentionRecord, Stream
from attnviz.core.card import LayerWeights, Norm, Projection
from attnviz.core.heads import HeadId, as_head
from attnviz.core.partial import partial
from attnviz.core.tokens import Token
from attnviz.core.trace import EVERYTHING, Trace
from attnviz.models.scoring import Scoring
from tests.tokens import token

HEADS, KV_HEADS, QUERIES, KEYS, WIDTH, D_MODEL = 6, 2, 5, 8, 4, 10
RANDOM = np.random.default_rng(5)
EVERY = slice(None)
CAUSAL = np.arange(KEYS) <= np.arange(QUERIES)[:, None] + KEYS - QUERIES


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def projection(size: int) -> Projection:
    return Projection(numbers(D_MODEL, size), numbers(size))


LEARNED = LayerWeights(
    query=projection(HEADS * WIDTH),
    key=projection(KV_HEADS * WIDTH),
    value=projection(KV_HEADS * WIDTH),
    output=Projection(numbers(HEADS * WIDTH, D_MODEL), numbers(D_MODEL)),
    norm=Norm(numbers(D_MODEL), numbers(D_MODEL), 1e-5),
)


def record(queries: int = QUERIES, keys: int = KEYS, **more: Any) -> AttentionRecord:
    """Six heads over two pairs of keys and values."""
    parts = {
        "queries": numbers(HEADS, queries, WIDTH),
        "keys": numbers(KV_HEADS, keys, WIDTH),
        "values": numbers(KV_HEADS, keys, WIDTH),
        "scaling": 0.7,
        "concat": numbers(queries, HEADS * WIDTH),
        "learned": LEARNED,
    }
    return AttentionRecord(**{**parts, **more})


def eager(function: Any, made: AttentionRecord, mask: np.ndarray | None, **more: Any) -> Any:
    """What transformers' own eager attention makes of a record: z and weights."""
    module = SimpleNamespace(
        num_key_value_groups=HEADS // KV_HEADS,
        training=False,
        sinks=None if made.sinks is None else torch.tensor(made.sinks),
    )
    q, k, v = (torch.tensor(a)[None] for a in (made.queries, made.keys, made.values))
    added = None if mask is None else torch.tensor(mask)[None]
    z, weights = function(module, q, k, v, added, scaling=made.scaling, dropout=0.0, **more)
    return z[0].transpose(0, 1).numpy(), weights[0].numpy()


def agree(made: AttentionRecord, z: np.ndarray, weights: np.ndarray) -> None:
    np.testing.assert_allclose(made.weights(EVERY), weights, atol=1e-6)
    np.testing.assert_allclose(made.blend(), z, atol=1e-5)
    for head in range(HEADS):
        np.testing.assert_allclose(made.weights(head), weights[head], atol=1e-6)


@pytest.mark.parametrize("softcap", [None, 0.5])
def test_grouped_heads_share_keys_and_values(softcap: float | None) -> None:
    made = record(softcap=softcap)
    agree(made, *eager(capped, made, None, softcap=softcap))


def test_sinks_take_what_no_key_gets() -> None:
    made = record(sinks=numbers(HEADS))
    agree(made, *eager(with_sinks, made, None))
    assert made.weights(EVERY).sum(axis=-1).max() < 1


def test_a_sink_far_above_all_scores_leaves_nothing() -> None:
    assert record(sinks=np.full(HEADS, 1e4, np.float32)).weights(0).max() == 0


@pytest.mark.parametrize("heads", [1, HEADS])
def test_a_bias_is_added_and_what_is_not_allowed_is_exactly_0(heads: int) -> None:
    added = numbers(heads, QUERIES, KEYS)
    allowed = np.broadcast_to(CAUSAL, (heads, QUERIES, KEYS)).copy()
    allowed[-1, :, 3] = False
    made = record(added=added, allowed=allowed)
    agree(made, *eager(capped, made, np.where(allowed, added, -np.inf)))
    everywhere = np.broadcast_to(allowed, (HEADS, QUERIES, KEYS))
    assert not made.weights(EVERY)[~everywhere].any()
    assert np.isneginf(made.scores(EVERY)[~everywhere]).all()
    np.testing.assert_array_equal(made.may_look(EVERY), everywhere)
    np.testing.assert_array_equal(made.may_look(2), everywhere[2])


def test_one_row_of_allowed_keys_is_for_every_query() -> None:
    made = record(allowed=np.arange(KEYS)[None, None] < 3)
    assert np.asarray(made.may_look(1)).shape == (QUERIES, KEYS)
    assert not made.weights(EVERY)[..., 3:].any()
    np.testing.assert_allclose(made.weights(EVERY).sum(axis=-1), 1, atol=1e-6)


def test_a_query_that_may_look_nowhere_has_no_weights() -> None:
    allowed = CAUSAL[None].copy()
    allowed[0, 2] = False
    weights = record(allowed=allowed).weights(EVERY)
    assert not weights[:, 2].any()
    np.testing.assert_allclose(weights[:, [0, 1, 3, 4]].sum(axis=-1), 1, atol=1e-6)


def _read_mask(mask: torch.Tensor | None) -> tuple[Any, Any]:
    acting = Scoring(scaling=1.0, mask=mask, is_causal=False, place=torch.device("cpu"))
    both = acting.allowed(2, 3), acting.added()
    return tuple(None if one is None else one[0].numpy() for one in both)  # type: ignore[return-value]


@pytest.mark.parametrize("least", [-np.inf, torch.finfo(torch.float32).min])
def test_a_mask_that_is_added_is_told_from_a_bias(least: float) -> None:
    bias = torch.tensor([[[[0.0, 0.5, least], [0.25, least, 0.0]]]])
    allowed, added = _read_mask(bias)
    np.testing.assert_array_equal(allowed, [[[True, True, False], [True, False, True]]])
    np.testing.assert_array_equal(added, [[[0, 0.5, 0], [0.25, 0, 0]]])


def test_a_mask_that_hides_nothing_is_none() -> None:
    assert _read_mask(None) == (None, None)
    assert _read_mask(torch.ones(1, 1, 2, 3, dtype=torch.bool)) == (None, None)
    assert _read_mask(torch.zeros(1, 1, 2, 3)) == (None, None)


# ---- heads


def test_a_head_is_the_pair_that_callers_write() -> None:
    head = HeadId(0, 2)
    layer, index = head
    assert (layer, index) == (0, 2) == head
    assert hash(head) == hash((0, 2))
    assert head in [(0, 2)]
    assert np.arange(6).reshape(2, 3)[head] == 2
    assert HeadId(*head) == as_head([0, 2]) == as_head((0, 2, "self")) == head
    assert attnviz.HeadOff(*head) == attnviz.HeadOff(0, 2)
    assert (str(head), repr(head)) == ("L0·H2", "HeadId(layer=0, head=2)")


@pytest.mark.parametrize(
    ("kind", "said"), [("encoder", "enc"), ("decoder", "dec"), ("cross", "cross")]
)
def test_heads_of_other_kinds_are_other_heads(kind: Any, said: str) -> None:
    head = HeadId(0, 2, kind)
    assert str(head) == f"{said} L0·H2"
    triple: Any = (0, 2, kind)
    assert head == as_head(triple) == triple
    assert head != HeadId(0, 2)
    assert (head.layer, head.head, head.kind) == (0, 2, kind)
    assert len({head, HeadId(0, 2), HeadId(0, 2, kind)}) == 2
    assert copy.deepcopy(head) == pickle.loads(pickle.dumps(head)) == head  # noqa: S301
    with pytest.raises(ValueError, match="unpack"):
        _, _ = head
    with pytest.raises(attnviz.ArgumentError, match="such as"):
        as_head((0, 2, "sideways"))


# ---- traces


def tokens(*texts: str) -> tuple[Token, ...]:
    return tuple(token(text, n, n) for n, text in enumerate(texts))


@pytest.fixture
def translation(note: Trace) -> Trace:
    """A trace as of an encoder–decoder: two layers below, one above, five words into eight."""
    target, source = tokens(*"abcde"), tokens(*"stuvwxyz")
    causal = np.tril(np.ones((1, 5, 5), bool))
    return replace(
        note,
        sequences={"source": source, "target": target},
        attention={
            ("encoder", 0): record(8, 8),
            ("encoder", 1): record(8, 8),
            ("decoder", 0): record(5, 5, allowed=causal),
            ("cross", 0): record(),
        },
        hidden={"source": Stream((), ()), "target": Stream((), ())},
    )


def test_each_kind_has_its_own_queries_and_keys(translation: Trace) -> None:
    source, target = translation.sequences.values()
    assert translation.tokens == source
    assert (translation.query_tokens("cross"), translation.key_tokens("cross")) == (target, source)
    assert translation.query_tokens("decoder") == translation.key_tokens("decoder") == target
    assert translation.key_tokens("encoder") == source
    with pytest.raises(attnviz.ArgumentError, match="'encoder', 'decoder', 'cross'"):
        translation.query_tokens("self")
    with pytest.raises(attnviz.ArgumentError, match="'encoder', 'decoder', 'cross'"):
        translation.record(0)
    with pytest.raises(attnviz.InterventionError, match="no layer 1: the model has 1"):
        translation.record(1, "cross")


def test_heads_are_found_by_kind_and_layer(translation: Trace) -> None:
    assert len(translation.heads) == 4 * HEADS
    head = HeadId(0, 3, "cross")
    assert head in translation.heads
    assert HeadId(1, 3, "cross") not in translation.heads
    made = translation.record(0, "cross")
    np.testing.assert_array_equal(translation.weights(head), made.weights(3))
    np.testing.assert_array_equal(translation.scores(head), made.scores(3))
    assert translation.weights(head).shape == (QUERIES, KEYS)
    for missing in ((0, 3), HeadId(1, 3, "cross"), HeadId(0, 6, "decoder")):
        with pytest.raises(attnviz.InterventionError, match="no head"):
            translation.weights(missing)


def test_heads_that_share_a_key_share_its_projection(translation: Trace) -> None:
    for index, shared in enumerate([0, 0, 0, 1, 1, 1]):
        head = HeadId(0, index, "cross")
        query = translation.input_projection(head, "query")
        np.testing.assert_array_equal(query.weight, LEARNED.query.weight[:, index * 4 :][:, :4])
        key = translation.input_projection(head, "key")
        np.testing.assert_array_equal(key.weight, LEARNED.key.weight[:, shared * 4 :][:, :4])
        np.testing.assert_array_equal(key.bias, LEARNED.key.bias[shared * 4 :][:4])


def test_contributions_of_another_kind_add_up(translation: Trace) -> None:
    total = sum(translation.contribution(HeadId(0, h, "cross")) for h in range(HEADS))
    concat = translation.record(0, "cross").concat
    np.testing.assert_allclose(total, concat @ LEARNED.output.weight, atol=1e-5)


def test_what_is_not_allowed_is_told_apart_from_a_small_weight(translation: Trace) -> None:
    head = HeadId(0, 1, "decoder")
    allowed = translation.allowed(head)
    np.testing.assert_array_equal(allowed, np.tril(np.ones((5, 5), bool)))
    assert allowed is not None
    assert not translation.weights(head)[~allowed].any()
    assert translation.weights(head)[allowed].all()
    assert translation.allowed(HeadId(0, 1, "cross")) is None
    np.testing.assert_array_equal(translation.allowed_in([head, head]), allowed)


def test_allowed_in_one_of_the_heads_is_enough() -> None:
    weights = np.array([[np.eye(2), [[0, 1], [1, 0]]]])
    own, other = np.eye(2, dtype=bool), ~np.eye(2, dtype=bool)
    trace = Trace.from_weights("ab", weights, allowed=np.array([[own, other]]))
    np.testing.assert_array_equal(trace.allowed((0, 0)), own)
    np.testing.assert_array_equal(trace.allowed_in([(0, 1)]), other)
    assert np.all(trace.allowed_in([(0, 0), (0, 1)]))


def test_a_trace_says_what_there_is_to_ask_for(note: Trace) -> None:
    everything = EVERYTHING - {"predictions"}  # the embedded model has no head for a task
    assert note.capabilities == everything
    assert partial(note, lambda: note).capabilities == everything
    assert Trace.from_weights("a", [[[[1.0]]]]).capabilities == {"weights"}
    bare = replace(note, capabilities=frozenset({"weights", "projections"}))
    bare.values(0)
    for ask in (lambda: bare.residual(0), lambda: bare.norm(0), lambda: bare.streams):
        with pytest.raises(attnviz.CaptureError):
            ask()


def test_a_partial_trace_holds_nothing_of_the_whole(note: Trace) -> None:
    part = partial(note, lambda: note)
    assert not part.hidden
    assert not any(isinstance(one, AttentionRecord) for one in part.attention.values())
    np.testing.assert_array_equal(part.streams["text"].residual[2], note.residual(2))
    np.testing.assert_array_equal(part.record(1).concat, note.record(1).concat)
    assert part.heads == note.heads
