"""What a model must be before it is looked into: each refusal is a sentence of its own.

transformers builds and loads much that it does not compute as the file meant it: settings
that no code reads any more, tensors that no module uses. Drawn numbers would be another
model's, so such a model is refused.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from inspect import getsource
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.models.auto import modeling_auto

from attnviz.errors import ModelError
from attnviz.models.catalogue import Stored
from attnviz.models.families import Family

_RENAMED = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
_FULL = {"F32": torch.float32, "F64": torch.float64}  # as safetensors calls them
_UNUSED = "pooler."  # nothing that is shown comes out of it
_SIZES = (
    "num_hidden_layers",
    "num_attention_heads",
    "hidden_size",
    "vocab_size",
    "max_position_embeddings",
)
_POSITIONS = ("max_position_embeddings", "max_seq_len", "n_positions")
_MANY = 8_192  # tokens for positions that are computed, where no number is named
_LEAST_TOKENS = 3  # one of a text between two special ones


def check_config(config: PreTrainedConfig, family: Family | None, title: str) -> None:
    """Make sure that a configuration says what transformers' own code then computes.

    Raises:
        ModelError: naming the first setting that it does not compute, or cannot.
    """
    _check_computed(config, family, title)
    if family is not None:
        _check_sizes(config, family, title)
    _check_buildable(config, title)


def _check_computed(config: PreTrainedConfig, family: Family | None, title: str) -> None:
    """Refuse settings that transformers reads past, or that make other than an encoder."""
    given = config.to_dict()
    positions = given.get("position_embedding_type") or "absolute"
    is_decoder = family is not None and given.get("is_decoder")
    if is_decoder or given.get("add_cross_attention"):
        raise ModelError("causal", model=title)
    if given.get("pruned_heads"):
        raise ModelError("pruned_heads", model=title)
    if given.get("quantization_config"):
        raise ModelError("quantised", model=title)
    if positions != "absolute" and not _code_names(config, "position_embedding_type"):
        raise ModelError("position_type", model=title, kind=positions)
    if "AutoModel" in (given.get("auto_map") or {}):
        raise ModelError("own_code", model=title)


def _code_names(config: PreTrainedConfig, setting: str) -> bool:
    """Whether the code of a family names a setting at all."""
    built = built_class(config)
    return built is not None and f".{setting}" in getsource(sys.modules[built.__module__])


def built_class(config: PreTrainedConfig) -> Any:
    """The class that transformers builds of a configuration, without a task's head; or None."""
    built: Any = modeling_auto.MODEL_MAPPING.get(type(config), None)
    return built[0] if isinstance(built, tuple) else built


def _check_sizes(config: PreTrainedConfig, family: Family, title: str) -> None:
    sizes: Any = config
    for name in _SIZES:
        if not getattr(sizes, name) > 0:
            raise ModelError("config_size", model=title, name=name, value=getattr(sizes, name))
    width, heads = sizes.hidden_size, sizes.num_attention_heads
    if width % heads:
        raise ModelError("config_heads", model=title, width=width, heads=heads)
    if family.positions_after_padding and sizes.pad_token_id is None:
        raise ModelError("config_size", model=title, name="pad_token_id", value="null")
    if most_tokens(config, family) < _LEAST_TOKENS:
        raise ModelError(
            "config_positions",
            model=title,
            positions=sizes.max_position_embeddings,
            reserved=reserved_positions(config, family),
        )


def _check_buildable(config: PreTrainedConfig, title: str) -> None:
    """Build the model without memory: what fails here is the configuration's fault."""
    try:
        with torch.device("meta"):
            AutoModel.from_config(config)  # type: ignore[no-untyped-call]
    except Exception as problem:  # any kind, by the setting that is off
        raise ModelError("config_refused", model=title, problem=str(problem)[:200]) from problem


def reserved_positions(config: PreTrainedConfig, family: Family | None) -> int:
    """Rows of the position embedding that no token uses, as far as its family says."""
    padding: Any = getattr(config, "pad_token_id", None)
    return int(padding) + 1 if family is not None and family.positions_after_padding else 0


def most_tokens(config: PreTrainedConfig, family: Family | None) -> int:
    """How many tokens the configuration has room for; many, where it names no number."""
    named = (getattr(config, name, None) for name in _POSITIONS)
    positions = next((one for one in named if isinstance(one, int) and one > 0), _MANY)
    if family is not None:
        positions = int(getattr(config, "max_position_embeddings", 0))
    return min(positions - reserved_positions(config, family), _most_in_full(config))


def _most_in_full(config: Any) -> int:
    """Up to how many tokens a model with sparse blocks attends in full (BigBird).

    Beyond, it is another attention, which a model that once read a short text does not compute.
    """
    if getattr(config, "attention_type", None) != "block_sparse":
        return sys.maxsize
    return int((5 + 2 * config.num_random_blocks) * config.block_size)


def has_attention_heads(config: PreTrainedConfig) -> bool:
    """Whether a configuration, or one inside it (of a text or an image tower), counts heads."""
    return any(
        has_attention_heads(value)
        if isinstance(value, PreTrainedConfig)
        else "head" in name and bool(value)
        for name, value in vars(config).items()
    )


def check_file(
    file: str, report: Mapping[str, Any], module: nn.Module, stored: Mapping[str, Stored]
) -> None:
    """Make sure that the weights file and the model hold the same tensors of the same sizes.

    `report` is transformers' own of loading `file`; `stored` are its tensors by name. What
    heads of tasks and the pooler hold is no part of the encoder.

    Raises:
        ModelError: naming one tensor that the file lacks, that has another size, that the model
            does not use, that stands there twice, or that is not of floating-point numbers.
    """
    missing = _of_the_encoder(report["missing_keys"])
    if missing:
        raise ModelError("weights_missing", file=file, name=min(missing))
    other_sizes = [sizes for sizes in report["mismatched_keys"] if _of_the_encoder([sizes[0]])]
    if other_sizes:
        name, in_file, in_model = min(other_sizes)
        raise ModelError(
            "weights_size", file=file, name=name, in_file=_size(in_file), in_model=_size(in_model)
        )
    unused = _unused_by_the_encoder(report["unexpected_keys"], module, stored)
    if unused:
        raise ModelError("weights_unused", file=file, name=min(unused))
    _check_once(file, module, stored)
    _check_floating(file, module, stored)


def _check_once(file: str, module: nn.Module, stored: Collection[str]) -> None:
    """Refuse two tensors for one weight, of which transformers takes one."""
    known: dict[str, str] = {}
    for name in sorted(stored):
        other = known.setdefault(_name_in_model(name, module), name)
        if other != name:
            raise ModelError("weights_twice", file=file, name=other, other=name)


def _check_floating(file: str, module: nn.Module, stored: Mapping[str, Stored]) -> None:
    """Refuse whole numbers, truth and complex numbers, which transformers would convert."""
    weights = _weights_by_name(module)
    for name in _of_the_encoder(sorted(stored)):
        kind = stored[name].kind
        if _name_in_model(name, module) in weights and not kind.startswith(("F", "BF")):
            raise ModelError("weights_kind", file=file, name=name, kind=kind)


def is_rounded(module: nn.Module, stored: Mapping[str, Stored]) -> bool:
    """Whether a matrix has fewer digits in the model than in its file."""
    weights = _weights_by_name(module)
    full = (name for name, one in stored.items() if one.axes > 1 and one.kind in _FULL)
    found = (weights.get(_name_in_model(name, module)) for name in full)
    return any(one is not None and one.dtype not in _FULL.values() for one in found)


def _weights_by_name(module: nn.Module) -> dict[str, Tensor]:
    return {_name_in_model(name, module): tensor for name, tensor in module.named_parameters()}


def _name_in_model(name: str, module: nn.Module) -> str:
    """What a tensor of a file is in the model: without the model's own prefix, by its new name."""
    bare = name.removeprefix(f"{getattr(module, 'base_model_prefix', '')}.")
    for old, new in _RENAMED.items():
        bare = bare.replace(old, new)
    return bare


def _of_the_encoder(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith(_UNUSED)]


def _size(shape: Iterable[int]) -> str:
    return " × ".join(str(axis) for axis in shape)


def _unused_by_the_encoder(
    unexpected: Iterable[str], module: nn.Module, names: Collection[str]
) -> list[str]:
    """The tensors of a file that no module uses, less those of the pooler and of tasks' heads."""
    prefix = f"{getattr(module, 'base_model_prefix', '')}."
    # Where the encoder's own tensors carry its name, all others are a head's.
    is_a_task_model = any(name.startswith(prefix) for name in names)
    parts = {name for name, _ in module.named_children()}
    heads: set[str] | None = None
    unused = []
    for name in unexpected:
        part = name.removeprefix(prefix).split(".")[0]
        if f"{part}." == _UNUSED:
            continue
        if not name.startswith(prefix) and part not in parts:
            if is_a_task_model:
                continue
            heads = _task_heads(module.config) if heads is None else heads
            if part in heads:
                continue
        unused.append(name)
    return unused


def _task_heads(config: Any) -> set[str]:
    """What transformers' own models for tasks call their heads, in this family."""
    heads: set[str] = set()
    with torch.device("meta"):
        for task in _task_models(type(config)):
            model = task(config)
            heads.update(name for name, _ in model.named_children())
            heads.update(name for name, _ in model.named_parameters(recurse=False))
    return heads


def _task_models(config: type) -> Iterator[type[PreTrainedModel]]:
    for name, mapping in vars(modeling_auto).items():
        if name.startswith("MODEL_FOR_") and name.endswith("_MAPPING") and config in mapping:
            found = mapping[config]
            yield from found if isinstance(found, tuple) else (found,)


def check_numbers(module: nn.Module, title: str) -> None:
    """Make sure that every weight is a number.

    Raises:
        ModelError: naming the first layer that holds NaN or an infinite weight.
    """
    for name, tensor in module.named_parameters():
        if not name.startswith(_UNUSED) and not torch.isfinite(tensor).all():
            layer = next((part for part in name.split(".") if part.isdigit()), None)
            key = "embedding_not_numbers" if layer is None else "weights_not_numbers"
            raise ModelError(key, model=title, layer=layer, name=name)
