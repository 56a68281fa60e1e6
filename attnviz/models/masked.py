"""Masks of a long text: made, and looked through, for some queries at a time.

A mask grows with the square of the text, and what it is made of is eight times as large: 1.1 GB at
8,192 tokens. Torch's attention makes numbers of it that are four times as large, in every layer.
Where a window leaves some queries only near keys, the far ones are not multiplied at all.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from attnviz.models import precision
from attnviz.models.parts import PART, in_parts


def mask(
    batch_size: int, q_length: int, kv_length: int, q_offset: int = 0, **given: Any
) -> Bool[Tensor, "batch #head query key"] | None:
    """What transformers' own function for torch's attention gives; None: every pair, or a flag."""

    def of(queries: slice, **more: Any) -> Any:
        count, start = queries.stop - queries.start, q_offset + queries.start
        return sdpa_mask(batch_size, count, kv_length, start, **{**given, **more})

    every = slice(0, q_length)
    if q_length <= PART or given.get("use_vmap"):
        whole: Tensor | None = of(every)
        return whole
    if of(every, mask_function=_any_pair) is None:
        return None
    skips = {"allow_is_causal_skip": False, "allow_is_bidirectional_skip": False}
    return in_parts(lambda part: of(part, **skips), q_length, axis=2)


def _any_pair(batch: Tensor, *_: Tensor) -> Tensor:
    """A mask of one number."""
    return torch.ones((1, 1, 1, 1), dtype=torch.bool, device=batch.device)


def attended(
    module: nn.Module,
    query: Float[Tensor, "batch head query d_head"],
    key: Float[Tensor, "batch kv_head key d_head"],
    value: Float[Tensor, "batch kv_head key d_value"],
    may: Tensor | None,
    **given: Any,
) -> Float[Tensor, "batch query head d_value"]:
    """What torch's attention gives; of a long text with a mask on a CPU, part by part."""
    queries = query.shape[2]
    if may is None or queries <= PART or not _can_be_cut(may, query, given):
        z: Tensor = sdpa_attention_forward(module, query, key, value, may, **given)[0]
        return z

    def of(part: slice) -> Tensor:
        keys = _seen(may[:, :, part])
        these = query[:, :, part], key[:, :, keys], value[:, :, keys], may[:, :, part, keys]
        z: Tensor = sdpa_attention_forward(module, *these, **given)[0]
        return z

    return in_parts(of, queries, axis=1)


def _can_be_cut(may: Tensor, query: Tensor, given: dict[str, Any]) -> bool:
    """Whether nothing but a mask with a row for each query acts on the scores."""
    is_alone = given.get("position_bias") is None and query.device == precision.CPU
    return is_alone and may.dtype == torch.bool and may.shape[2] == query.shape[2]


def _seen(may: Bool[Tensor, "batch #head query key"]) -> slice:
    """From the first to the last key that one of the queries may look at; all if there is none."""
    places = may.any(dim=2).any(dim=1).any(dim=0).nonzero()  # "key 1"
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(None)
