"""In memory: a transformers model that a script already holds, looked into without a file.

What is looked into is a copy in float32, where models run: the script's own module keeps its
hooks, its attention, its mode and its gradients, and may be trained on. A copy is kept until the
weights change, or a hook, a setting or a number of a part, so that a second text does not prove
the model again.
"""

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from attnviz import checks
from attnviz.errors import ArgumentError, ModelError
from attnviz.models import kinds
from attnviz.models.accelerator import accelerated
from attnviz.models.families import families
from attnviz.models.model import Model
from attnviz.models.opening import card_of, checked, described, with_head
from attnviz.models.task_head import head_of, head_of_target, task_of
from attnviz.models.tokenizers import tokenizers_of

_HOOKS = ("_forward_pre_hooks", "_forward_hooks")
_UNSEEN = ("training",)  # a copy never trains

_copies: WeakKeyDictionary[nn.Module, tuple[object, object, Model]] = WeakKeyDictionary()


def held(module: PreTrainedModel, tokenizer: object) -> Model:
    """A model object and its tokenizer as a model that can be traced.

    Raises:
        ArgumentError: if the tokenizer is none of transformers' fast ones.
        CaptureError: if the model's attention is not seen in full.
        ModelError: if it is not one that we can look into.
    """
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise ArgumentError("tokenizer_needed", value=checks.quoted(tokenizer))
    if not all(isinstance(tensor, Tensor) for tensor in module.state_dict().values()):
        raise ModelError("quantised", model=type(module).__name__)
    revision = _fingerprint(module)
    state = (revision, len(tokenizer), module.config.to_json_string(), *_beside_weights(module))
    known = _copies.get(module)
    if known is not None and known[0] == state and known[1] is tokenizer:
        return known[2]
    model = _looked_into(module, tokenizer, revision)
    _copies[module] = (state, tokenizer, model)
    return model


def _looked_into(module: PreTrainedModel, tokenizer: Any, revision: str) -> Model:
    whole: Any = module if module.config.is_encoder_decoder else module.base_model
    title = type(module).__name__
    config = deepcopy(whole.config)
    family = families().get(config.model_type)
    checked(config, family, title)
    predicts = None if config.is_encoder_decoder else task_of(module.config, (title,))
    copied = _copy(module if predicts else whole)
    copy = copied.base_model if predicts else copied
    copy.set_attn_implementation(kinds.implementation(config))
    if hasattr(copy.config, "use_cache"):
        copy.config.use_cache = False
    card = card_of(copy, title, "memory", revision)
    model = described(card, copy, family, tokenizers_of(tokenizer))
    head = head_of(predicts[0], copied) if predicts else head_of_target(copy)
    return accelerated(with_head(model, head))


def _copy(module: nn.Module) -> Any:
    """A module with weights of its own, in float32 on the CPU, without gradients."""
    tensors: dict[int, Any] = {}
    for parameter in module.parameters():
        tensors[id(parameter)] = nn.Parameter(_plain(parameter), requires_grad=False)
    for buffer in module.buffers():
        tensors[id(buffer)] = _plain(buffer)
    return deepcopy(module, tensors).train(False)


def _plain(tensor: Tensor) -> Tensor:
    copy = tensor.detach().cpu().clone()
    return copy.float() if copy.is_floating_point() else copy


def _fingerprint(module: nn.Module) -> str:
    """SHA-256 of all weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        plain = _plain(tensor)
        digest.update(name.encode())
        digest.update(plain.numpy().tobytes())
    return digest.hexdigest()


def _beside_weights(module: nn.Module) -> Iterator[object]:
    """What else decides what a model computes: its parts, their plain values and their hooks."""
    for name, part in module.named_modules():
        yield name, type(part)
        for key, value in vars(part).items():
            if key in _HOOKS:
                yield key, tuple((number, id(hook)) for number, hook in value.items())
            elif isinstance(value, bool | int | float | str | None) and key not in _UNSEEN:
                yield key, value
            elif callable(value):  # such as `forward`, replaced
                yield key, id(value)
