"""The proof of a model: what its hooks show is what the model itself computes.

Before a model is offered, a short text runs through it and through a second module of the
same weights with the attention of transformers' own code, which nobody else sees: once with
padding, so that there is a mask, and once without, where masks may become a flag. Each layer
of the second is given the x of the first, so that rounding does not add up from layer to layer:

    projections    x W + b of q, k and v, where W is kept   the q, k and v that were kept
    weights        from the q, k and mask that were kept    the model's own attentions
    z              weights · v                              the input of W_O
    contributions  Σ of all heads, and the bias             the model's own output of W_O
    r              of each layer, as it was kept            the model's own
    answer         with a recorder                          without one

A family whose attention adds what the hooks do not see, scales otherwise or reads another mask
is refused here, by the layer and the difference, and never becomes a picture.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.core.attention import AttentionKey, AttentionRecord
from attnviz.core.card import AbsentProjection, ModelCard
from attnviz.core.given import GivenWeights
from attnviz.core.heads import Kind
from attnviz.errors import ModelError
from attnviz.models import hooks, precision
from attnviz.models.edits import NoEdits
from attnviz.models.model import Model
from attnviz.models.places import Calls, Depth, by_block, by_module
from attnviz.models.recorder import Recorder
from attnviz.models.streams import read_only
from attnviz.models.watch import WeightRecorder, watching

_READ = 12  # tokens of the probe, of which the last are padding
_PADDING = 3
_WRITTEN = 7  # tokens of the probe that a decoder reads of its own text: another number

Quantity = Literal["projections", "weights", "z", "contributions", "r", "answer"]
_FORMULAS: dict[Quantity, str] = {
    "projections": "x W + b",
    "weights": "softmax(q kᵀ)",
    "z": "weights · v",
    "contributions": "Σ z W_O + b",
    "r": "r",
    "answer": "r",
}
_ATTENTIONS: dict[Kind, str] = {  # what transformers calls what it returns of each kind
    "self": "attentions",
    "encoder": "encoder_attentions",
    "decoder": "decoder_attentions",
    "cross": "cross_attentions",
}
Numbers = np.ndarray | Tensor


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two ways to one quantity are apart."""

    quantity: Quantity
    key: AttentionKey
    size: float  # as a share of the largest number, or of 1
    tolerance: float

    @property
    def layer(self) -> int:
        """The layer that it is of."""
        return self.key[1]


@dataclass(slots=True)
class _Own:
    """What the model's own code computes."""

    attentions: dict[AttentionKey, Tensor] = field(default_factory=dict)
    projected: dict[AttentionKey, Tensor] = field(default_factory=dict)  # the output of W_O
    left: dict[Depth, Tensor] = field(default_factory=dict)  # r


def prove(model: Model) -> None:
    """Make sure that a model's own attention is what its hooks show.

    Raises:
        CaptureError: if the attention of a layer was not seen, or is no finite number.
        ModelError: naming the first layer where they differ, and by how much.
    """
    for one in measured(model):
        if not one.size <= one.tolerance:  # NaN is no agreement
            raise ModelError(
                "not_proved",
                model=model.card.title,
                layer=one.layer,
                quantity=_FORMULAS[one.quantity],
                difference=f"{one.size:.1g}",
            )


def measured(model: Model) -> list[Difference]:
    """Every difference between what the hooks show and what the model computes, upwards.

    Raises:
        CaptureError: if the attention of a layer was not seen, or is no finite number.
    """
    place = precision.of_module(model.module)
    ways = _of_watched if model.is_watched else _of_recorded
    found: list[Difference] = []
    for padding in (_PADDING, 0):
        found += ways(model, probe(model.card, padding, place))
    return found


def _of_recorded(model: Model, given: Mapping[str, Tensor]) -> list[Difference]:
    recorder, dtype = Recorder(model, NoEdits()), precision.of(model.module)
    close = precision.tolerance(dtype)
    with precision.inference(model.module):
        with hooks.recording(recorder):
            shown = model.module(**given)[0]
        plain = model.module(**given)[0]
        records = recorder.records()
        recorder.all_streams()
        own = _own(model, given, recorder)
    found: list[Difference] = []
    for key, record in records.items():
        rows = _rows(key, given)
        pairs: dict[Quantity, tuple[Numbers, Numbers]] = {
            "weights": (record.weights(slice(None))[:, rows], own.attentions[key][:, rows]),
            "z": (record.blend()[:, rows], record.head_output[:, rows]),
        }
        if not isinstance(record.learned.output, AbsentProjection):
            pairs["contributions"] = (_written(record)[rows], own.projected[key][rows])
        depth = _depth(model, key)
        if not isinstance(record.learned.query, AbsentProjection):
            x = read_only(recorder.streams[depth]["entered"][0])
            pairs["projections"] = (_projected(record, x), _read(record))
        if depth in own.left:
            pairs["r"] = (recorder.streams[depth]["left"][0, rows], own.left[depth][rows])
        tolerance = max(close, precision.coarseness(dtype, _largest_score(record)))
        found += [Difference(name, key, _apart(*two), tolerance) for name, two in pairs.items()]
    return [*found, Difference("answer", model.places[-1].key, _apart(shown, plain), close)]


def _of_watched(model: Model, given: Mapping[str, Tensor]) -> list[Difference]:
    recorder = WeightRecorder(model)
    with precision.inference(model.module):
        with watching(recorder), hooks.recording(recorder):
            shown = model.module(**given)[0]
        answer = model.module(**given, output_attentions=True)
    records: Mapping[AttentionKey, GivenWeights] = recorder.attention()
    attentions = _attentions(model, answer)
    close = precision.tolerance(precision.of(model.module))
    found = [
        Difference("weights", key, _apart(record.given, attentions[key]), close)
        for key, record in records.items()
    ]
    last = model.places[-1].key
    return [*found, Difference("answer", last, _apart(shown, answer[0]), close)]


def _rows(key: AttentionKey, given: Mapping[str, Tensor]) -> slice:
    """The queries that are no padding: in a short window, padding may see nothing at all."""
    return slice(int(given["attention_mask"].sum()) if key[0] in ("self", "encoder") else None)


def _depth(model: Model, key: AttentionKey) -> Depth:
    return next(place.depth for place in model.places if place.key == key)


def probe(
    card: ModelCard, padding: int = _PADDING, place: torch.device = precision.CPU
) -> dict[str, Tensor]:
    """Tokens that every vocabulary has, one after the other; the last are padding.

    On the device of the model that is to read them.
    """
    count = min(_READ, card.max_tokens)
    padding = min(padding, count - 1)
    step = max(1, card.vocabulary // (count + 1))
    ids = torch.arange(1, count + 1, device=place) * step % card.vocabulary
    mask = torch.ones_like(ids)
    mask[count - padding :] = 0
    given = {"input_ids": ids[None], "attention_mask": mask[None]}
    if card.architecture == "encoder-decoder":
        given["decoder_input_ids"] = ids[None, : min(_WRITTEN, count - 1)].flip(1)
    return given


def _own(model: Model, given: Mapping[str, Tensor], recorder: Recorder) -> _Own:
    """The pass through a module that shares all weights and has the model's own attention.

    Each layer but the first is given the x that was recorded.
    """
    own, module = _Own(), model.module
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    copy: Any = deepcopy(module, shared)
    copy.set_attn_implementation("eager")
    names = {part: name for name, part in module.named_modules()}

    def copied(of: Mapping[nn.Module, tuple[Any, ...]]) -> Calls[Any]:
        return Calls({copy.get_submodule(names[part]): calls for part, calls in of.items()})

    blocks, outputs = copied(by_block(model.places)), copied(by_module(model.places, "output"))
    for layer in blocks.of:
        giving = _giving(blocks, recorder)
        layer.register_forward_pre_hook(giving, with_kwargs=True)
        layer.register_forward_hook(
            lambda part, _, r: own.left.update({blocks.now(part): hooks.first_tensor(r)[0]})
        )
    for projection in outputs.of:
        projection.register_forward_hook(_keeping(outputs, own.projected))
    own.attentions = _attentions(model, copy(**given, output_attentions=True))
    return own


def _attentions(model: Model, answer: Any) -> dict[AttentionKey, Tensor]:
    """The attentions that a model's own code returns, by their place.

    Raises:
        ModelError: if it returns others in number.
    """
    found: dict[AttentionKey, Tensor] = {}
    for kind, name in _ATTENTIONS.items():
        returned = [one for one in getattr(answer, name, None) or () if one is not None]
        found |= {(kind, layer): one[0] for layer, one in enumerate(returned)}
    if found.keys() != {place.key for place in model.places}:
        raise ModelError(
            "attentions_other", model=model.card, seen=len(model.places), returned=len(found)
        )
    return found


def _giving(blocks: Calls[Depth], recorder: Recorder) -> Callable[..., tuple[Any, Any] | None]:
    """A hook that puts what was recorded in the place of what a layer was given."""

    def entering(
        part: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any] | None:
        depth = blocks.next(part)
        if depth is None or depth[1] == 0:  # the x of layer 0 is the model's own, too
            return None
        given = args[0] if args else kwargs["hidden_states"]
        recorded = recorder.streams[depth]["entered"]
        hidden = recorded.to(given.device, given.dtype, copy=True)  # whatever is done in place
        return ((hidden, *args[1:]), kwargs) if args else ((), {**kwargs, "hidden_states": hidden})

    return entering


def _keeping(outputs: Calls[Any], projected: dict[Any, Tensor]) -> Callable[..., None]:
    """A hook that keeps what W_O gave."""

    def leaving(part: nn.Module, _: Any, output: Tensor) -> None:
        projected[outputs.next(part)] = output[0]

    return leaving


def _projected(record: AttentionRecord, x: np.ndarray) -> np.ndarray:
    """Q, k and v of all heads side by side, from x and what was kept as learned."""
    learned = record.learned
    three = (learned.query, learned.key, learned.value)
    return np.hstack([x @ one.weight + one.bias for one in three])  # "token q+k+v"


def _read(record: AttentionRecord) -> np.ndarray:
    """The same as attention was given them."""
    three = (record.queries, record.keys, record.values)
    return np.hstack([one.transpose(1, 0, 2).reshape(one.shape[1], -1) for one in three])


def _written(record: AttentionRecord) -> np.ndarray:
    """The contributions of all heads, one after the other, and the bias of W_O."""
    output = record.learned.output
    width = output.weight.shape[1]
    slices = output.weight.reshape(record.heads, -1, width)  # "head d_value d_model"
    total = np.zeros((len(record.concat), width), np.float32)
    for z, weight in zip(record.head_output, slices, strict=True):
        total += z @ weight  # "token d_model"
    total += output.bias
    return total


def _largest_score(record: AttentionRecord) -> float:
    scores = record.scores(slice(None))
    return float(np.abs(scores[np.isfinite(scores)]).max(initial=0))


def _apart(found: Numbers, expected: Numbers) -> float:
    one, other = (read_only(one) if isinstance(one, Tensor) else one for one in (found, expected))
    if one.shape != other.shape:
        return float("inf")
    largest = max(1.0, float(np.abs(other).max()))
    return float(np.abs(one - other).max()) / largest
