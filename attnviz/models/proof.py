"""The proof of a model: what its hooks show is what the model itself computes.

Before a model is offered, one short text runs through it and through a second module of the
same weights with the attention of transformers' own code, which nobody else sees. Each layer
of the second is given the x of the first, so that rounding does not add up from layer to layer:

    weights        from the q, k and mask that were kept    the model's own attentions
    z              weights · v                              the input of W_O
    contributions  Σ of all heads, and the bias             the model's own output of W_O
    r              of each layer, as it was kept            the model's own
    answer         with a recorder                          without one

A family whose attention adds what the hooks do not see, scales otherwise or reads another mask
is refused here, by the layer and the difference, and never becomes a picture.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.core.attention import AttentionRecord
from attnviz.core.card import ModelCard
from attnviz.errors import CaptureError, ModelError
from attnviz.models import hooks
from attnviz.models.recorder import NoEdits, Recorded, Recorder

TOLERANCE = 1e-5  # of the largest number (at least of 1), in float32
_COARSE = 4 * float(np.finfo(np.float32).eps)  # of the largest score, where that is more
_READ = 12  # tokens of the probe, of which the last are padding
_PADDING = 3

Quantity = Literal["weights", "z", "contributions", "r", "answer"]
_FORMULAS: dict[Quantity, str] = {
    "weights": "softmax(q kᵀ)",
    "z": "weights · v",
    "contributions": "Σ z W_O + b",
    "r": "r",
    "answer": "r",
}
Parts = tuple[nn.Module, nn.Module]  # a layer, and its W_O
Numbers = np.ndarray | Tensor


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two ways to one quantity are apart."""

    quantity: Quantity
    layer: int
    size: float  # as a share of the largest number, or of 1
    tolerance: float


@dataclass(slots=True)
class _Own:
    """What the model's own code computes, layer by layer."""

    attentions: tuple[Tensor, ...] = ()
    projected: list[Tensor] = field(default_factory=list)  # the output of W_O
    left: list[Tensor] = field(default_factory=list)  # r


def prove(model: Recorded, module: nn.Module, parts: Sequence[Parts]) -> None:
    """Make sure that a model's own attention is what its hooks show.

    Raises:
        CaptureError: if the attention of a layer was not seen, or is no finite number.
        ModelError: naming the first layer where they differ, and by how much.
    """
    for one in measured(model, module, parts):
        if not one.size <= one.tolerance:  # NaN is no agreement
            raise ModelError(
                "not_proved",
                model=model.card.title,
                layer=one.layer,
                quantity=_FORMULAS[one.quantity],
                difference=f"{one.size:.1g}",
            )


def measured(model: Recorded, module: nn.Module, parts: Sequence[Parts]) -> list[Difference]:
    """Every difference between what the hooks show and what the model computes, upwards.

    Raises:
        CaptureError: if the attention of a layer was not seen, or is no finite number.
    """
    given = _probe(model.card)
    recorder = Recorder(model, NoEdits())
    with torch.inference_mode():
        with hooks.recording(recorder):
            shown = module(**given).last_hidden_state
        plain = module(**given).last_hidden_state
        records, stream = recorder.records(), recorder.stream()
        own = _own(module, parts, given, stream.residual)
    if len(own.attentions) != len(records):
        raise CaptureError("attention_not_understood", model=model.card.title)
    found: list[Difference] = []
    for layer, record in enumerate(records):
        pairs: dict[Quantity, tuple[Numbers, Numbers]] = {
            "weights": (record.weights(slice(None)), own.attentions[layer][0]),
            "z": (record.blend(), record.head_output),
            "contributions": (_written(record), own.projected[layer][0]),
            "r": (stream.residual[layer + 1], own.left[layer][0]),
        }
        tolerance = max(TOLERANCE, _COARSE * _largest_score(record))
        found += [Difference(name, layer, _apart(*two), tolerance) for name, two in pairs.items()]
    return [*found, Difference("answer", len(parts) - 1, _apart(shown, plain), TOLERANCE)]


def _probe(card: ModelCard) -> dict[str, Tensor]:
    """Tokens that every vocabulary has, one after the other; the last are padding."""
    count = min(_READ, card.max_tokens)
    padding = min(_PADDING, count - 1)
    ids = (1 + torch.arange(count)) * max(1, card.vocabulary // (count + 1)) % card.vocabulary
    mask = torch.ones(count, dtype=torch.long)
    mask[count - padding :] = 0
    return {"input_ids": ids[None], "attention_mask": mask[None]}


def _own(
    module: nn.Module,
    parts: Sequence[Parts],
    given: dict[str, Tensor],
    residual: Sequence[np.ndarray],
) -> _Own:
    """The pass through a module that shares all weights and has the model's own attention."""
    own = _Own()
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    copy: Any = deepcopy(module, shared)
    copy.set_attn_implementation("eager")
    names = {part: name for name, part in module.named_modules()}
    for depth, (block, projection) in enumerate(parts):
        layer = copy.get_submodule(names[block])
        if depth:  # the x of layer 0 is the model's own, too
            layer.register_forward_pre_hook(_giving(residual[depth]), with_kwargs=True)
        layer.register_forward_hook(lambda _, __, r: own.left.append(hooks.first_tensor(r)))
        copy.get_submodule(names[projection]).register_forward_hook(
            lambda _, __, output: own.projected.append(output)
        )
    own.attentions = copy(**given, output_attentions=True).attentions or ()
    return own


def _giving(x: np.ndarray) -> Callable[..., tuple[Any, Any]]:
    """A hook that puts `x` in the place of what a layer was given."""

    def entering(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        hidden = torch.tensor(x)[None]
        return ((hidden, *args[1:]), kwargs) if args else ((), {**kwargs, "hidden_states": hidden})

    return entering


def _written(record: AttentionRecord) -> np.ndarray:
    """The contributions of all heads, one after the other, and the bias of W_O."""
    output = record.learned.output
    slices = output.weight.reshape(record.heads, -1, output.weight.shape[1])
    total = np.zeros((len(record.concat), output.weight.shape[1]), np.float32)
    for z, weight in zip(record.head_output, slices, strict=True):
        total += z @ weight
    total += output.bias
    return total


def _largest_score(record: AttentionRecord) -> float:
    scores = record.scores(slice(None))
    return float(np.abs(scores[np.isfinite(scores)]).max(initial=0))


def _apart(found: Numbers, expected: Numbers) -> float:
    one, other = np.asarray(found), np.asarray(expected)
    if one.shape != other.shape:
        return float("inf")
    largest = max(1.0, float(np.abs(other).max()))
    return float(np.abs(one - other).max()) / largest
