"""Scoring: what acts on the scores of one call of the attention function.

A family hands over a mask, or the flag `is_causal` in place of one, a scale, and whatever else
its scores need: a position bias (T5), a soft cap (Gemma 2), sinks (gpt-oss). A sliding window
is in the mask. All of it is read here, once, for who records and for who computes step by step.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from inspect import signature
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

# Tensors that a family hands on beside q, k and v, which act on no score here: rotary positions
# are in q and k already, and the rest is for other attention functions.
_OF_NO_EFFECT = frozenset({"position_ids", "cache_position", "cu_seq_lens_q", "cu_seq_lens_k"})
_READ = frozenset({"position_bias", "softcap", "s_aux", "is_causal"})


@dataclass(frozen=True, slots=True)
class Scoring:
    """What acts on the scores of one call, as tensors "#batch #head #query #key"."""

    scaling: float
    mask: Tensor | None  # as it was handed over: None is all, or the triangle if `is_causal`
    is_causal: bool
    place: torch.device  # where scores are computed, and all that acts on them
    bias: Tensor | None = None  # added to the scores, once scaled
    softcap: float | None = None
    sinks: Float[Tensor, " head"] | None = None
    eager: Callable[..., Any] | None = None  # the family's own code, where torch has no fast path

    @property
    def _summands(self) -> list[Tensor]:
        """What is added to the scores: a mask of that kind, and a bias."""
        masks = [self.mask] if self.mask is not None and self.mask.dtype != torch.bool else []
        return masks if self.bias is None else [*masks, self.bias]

    def allowed(self, queries: int, keys: int) -> Bool[Tensor, "#batch #head #query #key"] | None:
        """Where a query may look; None: everywhere."""
        parts = [_is_allowed(one) for one in self._summands]
        if self.mask is not None and self.mask.dtype == torch.bool:
            parts.append(self.mask)
        if self.is_causal:
            square = torch.ones(queries, keys, dtype=torch.bool, device=self.place)
            parts.append(square.tril()[None, None])  # "1 1 query key"
        parts = [part for part in parts if not part.all()]
        return reduce(torch.logical_and, parts) if parts else None

    def added(self) -> Float[Tensor, "#batch #head #query #key"] | None:
        """What is added to the scores where a query may look; None: nothing."""
        parts = [one.masked_fill(~_is_allowed(one), 0) for one in self._summands]
        parts = [part for part in parts if part.any()]
        return reduce(torch.add, parts) if parts else None


class AttentionCall(NamedTuple):
    """What the attention function of a layer was given."""

    query: Float[Tensor, "batch head query d_head"]
    key: Float[Tensor, "batch kv_head key d_head"]
    value: Float[Tensor, "batch kv_head key d_value"]
    mask: Tensor | None
    extras: dict[str, Any]
    scoring: Scoring | None  # None where something acts on the scores that is not understood


def _is_allowed(mask: Float[Tensor, "*axes"]) -> Bool[Tensor, "*axes"]:
    """In transformers a pair is forbidden by adding −∞ or the least number that there is."""
    return mask > torch.finfo(mask.dtype).min


def scoring_of(
    module: nn.Module,
    query: Float[Tensor, "batch head query d_head"],
    mask: Tensor | None,
    scaling: float | None,
    extras: dict[str, Any],
) -> Scoring | None:
    """What acts on the scores of a call; None where something does that is not understood."""
    given = {name: value for name, value in extras.items() if value is not None}
    strange = {n for n, value in given.items() if isinstance(value, Tensor)} - _READ - _OF_NO_EFFECT
    softcap, sinks = given.get("softcap"), given.get("s_aux")
    eager = None if softcap is None and sinks is None else _own_code(module, softcap, sinks)
    if strange or (eager is None and (softcap is not None or sinks is not None)):
        return None
    return Scoring(
        scaling=query.shape[-1] ** -0.5 if scaling is None else float(scaling),
        mask=mask,
        is_causal=causal_flag(module, extras) and mask is None and query.shape[2] > 1,
        place=query.device,
        bias=given.get("position_bias"),
        softcap=softcap,
        sinks=sinks,
        eager=eager,
    )


def causal_flag(module: nn.Module, extras: dict[str, Any]) -> bool:
    """Whether a call without a mask is causal: as it says, or else as its module does."""
    flag = extras.get("is_causal")
    return bool(getattr(module, "is_causal", True) if flag is None else flag)


def _own_code(module: nn.Module, softcap: object, sinks: object) -> Callable[..., Any] | None:
    """The family's own eager attention, if it computes the soft cap and the sinks that it names."""
    code = sys.modules[type(module).__module__]
    function: Callable[..., Any] | None = getattr(code, "eager_attention_forward", None)
    names = {} if function is None else signature(function).parameters
    knows_cap = softcap is None or "softcap" in names
    knows_sinks = sinks is None or "s_aux" in names or hasattr(module, "sinks")
    return function if knows_cap and knows_sinks else None


def additive(mask: Bool[Tensor, "*axes"]) -> Float[Tensor, "*axes"]:
    """A mask as what transformers' own eager attention adds to the scores."""
    least = torch.finfo(torch.float32).min
    return torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, least)
