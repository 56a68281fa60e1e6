"""A long text runs through a model in parts: what it gives is the model's own, in less memory."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AutoModel, masking_utils
from transformers.integrations.sdpa_attention import sdpa_attention_forward

import attnviz
from attnviz.models import masked
from attnviz.models.in_memory import held
from attnviz.models.parts import PART, in_parts
from attnviz.models.streams import alone
from attnviz.runtime.sizes import size_of
from tests.long_models import long_model, long_text
from tests.tiny_families import opened, saved_family

TOKENS = 2 * PART + 77
CLOSE = 1e-5
WIDE = 176  # of a feed-forward, and of nothing else
KINDS = ("bert", "albert", "electra", "modernbert", "llama", "gpt_neox", "phi")


def own_of(module: Any) -> Any:
    """The same weights as transformers runs them by itself."""
    own = AutoModel.from_config(module.config, attn_implementation="sdpa")
    own.load_state_dict(module.state_dict())
    return own.eval()


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_forward_sees_part_of_a_long_text_and_gives_what_it_gives(kind: str) -> None:
    module, tokenizer = long_model(kind, intermediate_size=WIDE)
    model = held(module, tokenizer)
    seen: list[int] = []
    for part in model.module.modules():
        if isinstance(part, nn.Linear) and part.in_features == WIDE:
            part.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[1]))
    trace = attnviz.trace(long_text(TOKENS), model)
    assert seen == [PART, PART, 77] * trace.model.layers
    (given,) = (tokenizer(long_text(TOKENS), return_tensors="pt"),)
    with torch.inference_mode():
        expected = own_of(module)(given["input_ids"], output_hidden_states=True).hidden_states
    for depth in range(trace.model.layers):  # transformers' last is after the model's last norm
        np.testing.assert_allclose(
            trace.residual(depth),
            expected[depth][0],
            atol=CLOSE * float(expected[depth].abs().max()),
        )


@pytest.mark.parametrize("kind", ["mixtral", "bloom", "gpt_oss"])
def test_what_may_look_at_more_than_one_token_is_left_whole(kind: str, tmp_path: Path) -> None:
    module = opened(saved_family(tmp_path / kind, kind)).module
    assert not [part for part in module.modules() if isinstance(vars(part).get("forward"), partial)]


def window(batch: Any, head: Any, query: Any, key: Any) -> Any:
    """Each token sees 20 on both sides."""
    del batch, head
    return (query - key).abs() <= 20


MASKS: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "causal": masking_utils.causal_mask_function,
    "window": masking_utils.sliding_window_causal_mask_function(40),
    "both sides": window,
    "every pair": masking_utils.bidirectional_mask_function,
}


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("skip", [False, True])
def test_a_long_mask_is_transformers_own(kind: str, padding: int, skip: bool) -> None:
    visible = torch.ones(1, TOKENS, dtype=torch.bool)
    visible[:, TOKENS - padding :] = False
    given: dict[str, Any] = {
        "mask_function": MASKS[kind],
        "attention_mask": visible,
        "allow_is_causal_skip": skip and kind == "causal",
        "allow_is_bidirectional_skip": skip and kind == "every pair",
    }
    expected = masking_utils.sdpa_mask(1, TOKENS, TOKENS, **given)
    found = masked.mask(1, TOKENS, TOKENS, **given)
    if expected is None:
        assert found is None
        assert skip
        assert not padding
    else:
        assert found is not None
        assert found.shape == expected.shape == (1, 1, TOKENS, TOKENS)
        assert torch.equal(found, expected)


def test_a_long_mask_is_made_of_some_queries_at_a_time() -> None:
    made: list[int] = []

    def counted(*places: Any) -> Any:
        made.append(window(*places).numel())
        return window(*places)

    masked.mask(1, TOKENS, TOKENS, mask_function=counted, allow_is_causal_skip=False)
    assert max(made) == PART * TOKENS


@pytest.mark.parametrize("groups", [1, 2])
def test_queries_of_a_long_text_are_given_to_torch_with_the_keys_that_they_may_see(
    groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    query = torch.randn(1, 4, TOKENS, 8)
    key, value = (torch.randn(1, 4 // groups, TOKENS, 8) for _ in range(2))
    module: Any = nn.Module()
    module.num_key_value_groups = groups
    near, places = 20, torch.arange(TOKENS)
    may = window(0, 0, places[:, None], places)[None, None]
    may[:, :, 0] = False  # a query that may look nowhere gets what torch gives it
    expected = sdpa_attention_forward(module, query, key, value, may)[0]
    seen: list[tuple[int, int]] = []

    def spied(module: nn.Module, *given: Any, **named: Any) -> Any:
        seen.append((given[0].shape[2], given[1].shape[2]))
        return sdpa_attention_forward(module, *given, **named)

    monkeypatch.setattr(masked, "sdpa_attention_forward", spied)
    found = masked.attended(module, query, key, value, may)
    np.testing.assert_allclose(found, expected, atol=CLOSE)
    assert seen == [(PART, PART + near), (PART, PART + 2 * near), (77, 77 + near)]


def test_parts_are_joined_where_they_belong() -> None:
    whole = torch.randn(2, TOKENS, 3)
    for axis in (1, -2):
        assert torch.equal(in_parts(lambda part: 2 * whole[:, part], TOKENS, axis), 2 * whole)


def test_a_part_of_a_larger_tensor_is_kept_without_the_rest() -> None:
    three = torch.randn(1, 6, 12)
    q, k, v = three.split(4, dim=-1)
    assert [one is other for one, other in zip(alone((q, k, v)), (q, k, v), strict=True)] == [
        True
    ] * 3
    (copy, *_) = alone((v, q.clone()))
    assert torch.equal(copy, v)
    assert copy.untyped_storage().nbytes() == v.nbytes
    array = v.numpy()
    assert size_of(array) == pytest.approx(three.nbytes, abs=10), "an array keeps all of it alive"
    assert size_of((array, q.numpy())) == pytest.approx(three.nbytes, abs=500), "and once"


@pytest.mark.parametrize("kind", ["modernbert", "gpt_neox", "llama", "bert"])
def test_a_trace_keeps_no_tensor_of_which_it_holds_a_part(kind: str) -> None:
    module, tokenizer = long_model(kind)
    trace = attnviz.trace(long_text(200), module, tokenizer=tokenizer)
    for record in map(trace.record, range(trace.model.layers)):
        kept = (record.queries, record.keys, record.values, record.concat)
        assert size_of(kept) == pytest.approx(sum(array.nbytes for array in kept), abs=500)
