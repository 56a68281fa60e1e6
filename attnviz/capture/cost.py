"""What a long text costs, as far as that can be said before it is read."""

import time
from dataclasses import dataclass

import torch

from attnviz.core.card import ModelCard
from attnviz.models import precision
from attnviz.models.model import Model
from attnviz.runtime.cache import Cache

_SHORT = 128  # tokens of the pass that the time is told from
_WEIGHT = 2.5e-8  # seconds for one weight, about: overview, measures, and which heads differ
_FLOAT32 = 4

_passes: Cache[float] = Cache()  # seconds of the short one, by model


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of this machine, and bytes that stay as long as the trace is kept."""

    seconds: float
    bytes: int


def cost(model: Model, tokens: int) -> Cost:
    """What a text of so many tokens costs until it is drawn: its pass, and what all heads take.

    The pass is told from a short one, which is timed once a model, in turn.

    Raises:
        BusyError: if it must be timed and there is no room for that now.
    """
    card = model.card
    heads = card.heads * len(model.places)
    short = min(_SHORT, card.max_tokens)
    timed = (model.name, card.revision)
    pass_of_short = _passes.get(timed, lambda: _seconds(model, short), is_light=True)
    share = _products(model, tokens) / _products(model, short)
    seconds = pass_of_short * share + _WEIGHT * heads * tokens**2
    return Cost(seconds, _FLOAT32 * tokens * _numbers_a_token(card, len(model.places)))


def _numbers_a_token(card: ModelCard, places: int) -> int:
    """Of q, k, v and z of each layer, and of its x and r; fewer where heads share k and v."""
    return places * (4 * card.heads * card.d_head + card.d_model) + card.d_model


def _products(model: Model, tokens: int) -> int:
    """How much is multiplied in a pass: by the model's weights, q with k, and weights with v."""
    card = model.card
    learned = sum(p.numel() for p in model.module.parameters() if p.dim() > 1)
    learned -= card.vocabulary * card.d_model  # looked up, and multiplied with nothing
    return tokens * max(learned, 1) + 2 * card.heads * len(model.places) * card.d_head * tokens**2


def _seconds(model: Model, tokens: int) -> float:
    """How long a pass takes here, the second of two."""
    ids = torch.ones(1, tokens, dtype=torch.long, device=precision.of_module(model.module))
    arguments = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if model.target is not None:
        arguments["decoder_input_ids"] = ids[:, :1]
    with precision.inference(model.module):
        for _ in range(2):
            begun = time.perf_counter()
            model.module(**arguments)
            precision.wait_for(model.module)
    return time.perf_counter() - begun
