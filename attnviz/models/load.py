"""Loading: from a name to a model that is ready to be looked into.

A model is loaded once per process and shared by all who ask for it. Nothing writes to
it afterwards: parameters carry no gradient, hooks are registered once, and what a
capture records lives with the capture.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import reduce
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from attnviz import checks
from attnviz.core.card import LayerWeights, ModelCard, Norm, Projection
from attnviz.errors import ArgumentError, ModelError
from attnviz.models import catalogue, hooks, proof, requirements
from attnviz.models.catalogue import Checkpoint
from attnviz.models.families import Family, families
from attnviz.models.progress import Progress
from attnviz.models.small.alphabet import Alphabet
from attnviz.runtime.cache import Cache
from attnviz.runtime.limits import limits

KEPT_MODELS = 3  # besides the built-in ones
_TYPES = "token_type_ids"  # as transformers calls them

transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one text may hold."""

    tokens: int
    characters: int


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded encoder, shared and read only."""

    name: str
    card: ModelCard
    limits: Limits
    tokenizer: Tokenizer  # without truncation and padding, so encoding keeps no state
    unknown_token: str | None
    mask_token: str | None
    byte_level: bool  # whether pieces stand for bytes
    gives_types: bool  # whether the tokenizer tells the segments of a pair apart
    segments: int  # rows of the model's segment embedding; 0: it has none
    module: nn.Module
    layer_of: dict[nn.Module, int]  # attention module → layer
    layer_weights: tuple[LayerWeights, ...]
    alphabet: Alphabet | None = None  # of an encoder of our own: all that it was trained on


_models: Cache[Model] = Cache(is_pinned=True)  # one in use stays, however large


def load(
    name_or_folder: str | PathLike[str] = catalogue.EMBEDDED, progress: Progress | None = None
) -> Model:
    """The model behind a catalogue name, a folder or a hub id; loaded once per process.

    Raises:
        ArgumentError: if it is neither a name nor a path.
        CaptureError: if its attention is not seen in full.
        ModelError: if there is none, or it is not one we can look into.
    """
    name = _name(name_or_folder)
    known = _models.peek(name)
    if known is not None:
        return known
    # No turn of those who compute: a model may be on its way from the hub for minutes.
    model = _models.compute_once(name, lambda: _open(catalogue.find(name, progress), progress))
    _drop_others()
    return model


def _name(given: object) -> str:
    """The name of a model; a path, unlike text, is always that of a folder."""
    if isinstance(given, str):
        return given.strip()
    if not isinstance(given, PathLike) or not isinstance(given.__fspath__(), str):
        raise ArgumentError("model_object", value=checks.quoted(given))
    folder = Path(given).expanduser().absolute()
    if not folder.is_dir():
        raise ModelError("no_such_folder", folder=str(given))
    return str(folder)


def control_of(model: Model) -> Model:
    """The same architecture and tokenizer with random weights, to tell what training did.

    Loaded once per process, as `load` does. The control of a control is itself.

    Raises:
        ModelError: if `model` is an encoder of our own, whose control is its step 0.
    """
    if model.card.source == "control":
        return model
    if model.card.source == "trained":
        raise ModelError("no_control", model=model.card)
    return load(catalogue.control_name(model.name))


def is_loaded(name: str) -> bool:
    """Whether `load(name)` would answer at once."""
    return _models.peek(name.strip()) is not None


def let_go_of_a_model() -> bool:
    """Forget the model that nobody has asked for longest; False if all are built in."""
    oldest = _others()[:1]
    for name in oldest:
        _models.drop(name)
    return bool(oldest)


def _drop_others() -> None:
    """Keep the built-in models, and of others those that were asked for last."""
    for name in _others()[:-KEPT_MODELS]:
        _models.drop(name)


def _others() -> list[Hashable]:
    """Models that are not built in, the least recently asked for first."""
    return [name for name in _models if name not in catalogue.BUILT_IN]


def _open(checkpoint: Checkpoint, progress: Progress | None = None) -> Model:
    if progress is not None:
        progress(0.0, "load")
    config = _config(checkpoint)
    family = _family(config, checkpoint)
    requirements.check_config(config, family, checkpoint.title)
    module = _random(config) if checkpoint.random_weights else _trained(config, checkpoint)
    module.train(False).requires_grad_(False)
    requirements.check_numbers(module, checkpoint.title)
    _own(module)
    tokenizer, special = _tokenizer(checkpoint)
    layers = _watch(module, family)
    card = _card(checkpoint, config, family)
    model = Model(
        name=checkpoint.name,
        card=card,
        limits=Limits(card.max_tokens, limits().characters),
        tokenizer=tokenizer,
        unknown_token=special.unk_token,
        mask_token=special.mask_token,
        gives_types=_TYPES in special.model_input_names,
        segments=_segments(module),
        byte_level='"ByteLevel"' in tokenizer.to_str().partition('"model":')[0],
        module=module,
        layer_of={_part(layer, family.attention): index for index, layer in enumerate(layers)},
        layer_weights=tuple(_learned(layer, family) for layer in layers),
    )
    proof.prove(model, module, [(layer, _part(layer, family.output)) for layer in layers])
    if progress is not None:
        progress(1.0, "load")
    return model


def _config(checkpoint: Checkpoint) -> PreTrainedConfig:
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
    except (ValueError, OSError, KeyError) as problem:
        raise ModelError("unknown_architecture", model=checkpoint.title) from problem
    except Exception as problem:  # a setting of another type, or none
        reason = str(problem)
        raise ModelError("config_refused", model=checkpoint.title, problem=reason) from problem
    return config


def _family(config: PreTrainedConfig, checkpoint: Checkpoint) -> Family:
    """The family of a configuration.

    Raises:
        ModelError: if the model has no attention, or a layout that no family describes.
    """
    kind = config.model_type
    known = families()
    if kind in known:
        return known[kind]
    key = "family_unknown" if requirements.has_attention_heads(config) else "no_attention"
    raise ModelError(key, model=checkpoint.title, family=kind, known=", ".join(sorted(known)))


def _trained(config: PreTrainedConfig, checkpoint: Checkpoint) -> PreTrainedModel:
    try:
        module, report = AutoModel.from_pretrained(
            checkpoint.folder,
            config=config,
            attn_implementation=hooks.NAME,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # told apart below, by name
        )
    except Exception as problem:  # safetensors raises its own kinds, by version
        raise ModelError("damaged_file", file=catalogue.WEIGHTS) from problem
    names = catalogue.weight_names(checkpoint.folder)
    requirements.check_file(catalogue.WEIGHTS, report, module, names)
    trained: PreTrainedModel = module
    return trained


def _own(module: PreTrainedModel) -> None:
    """Copy the weights out of their file.

    transformers maps the file into memory; were it cut short while the server runs, reading a
    weight would end the whole process (bus error).
    """
    for tensor in (*module.parameters(), *module.buffers()):
        tensor.data = tensor.data.clone()


def _random(config: PreTrainedConfig) -> PreTrainedModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(catalogue.CONTROL_SEED)
        module: PreTrainedModel = AutoModel.from_config(  # type: ignore[no-untyped-call]
            config, attn_implementation=hooks.NAME
        )
    return module


def _tokenizer(checkpoint: Checkpoint) -> tuple[Tokenizer, Any]:
    """A fast tokenizer of our own copy, and transformers' own around it, for what it names."""
    if not any((checkpoint.folder / name).is_file() for name in catalogue.VOCABULARIES):
        # transformers would make one with an empty vocabulary, to which all is [UNK].
        raise ModelError("no_fast_tokenizer", file="tokenizer.json")
    try:
        loaded = AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as problem:  # a missing or damaged file shows as any of many kinds
        raise ModelError("no_fast_tokenizer", file="tokenizer.json") from problem
    if not getattr(loaded, "is_fast", False):
        raise ModelError("no_fast_tokenizer", file="tokenizer.json")
    tokenizer = Tokenizer.from_str(loaded.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    _keep_spaces(tokenizer.post_processor)
    return tokenizer, loaded


def _segments(module: PreTrainedModel) -> int:
    """Rows of the segment embedding of a model, 0 if it has none."""
    embedding = getattr(getattr(module, "embeddings", None), "token_type_embeddings", None)
    return embedding.num_embeddings if isinstance(embedding, nn.Embedding) else 0


def _keep_spaces(processor: Any) -> None:
    """Let offsets hold the spaces before a word.

    A byte-level processor takes them away each time that it runs, and one encoding may pass it
    twice: it then takes away letters.
    """
    if hasattr(processor, "__getitem__"):  # several, one after the other
        for part in processor:
            _keep_spaces(part)
    elif hasattr(processor, "trim_offsets"):
        processor.trim_offsets = False


def _watch(module: PreTrainedModel, family: Family) -> list[nn.Module]:
    """The layers of a model, each hooked for capture."""
    layers = list(_part(module, family.layers).children())
    for index, layer in enumerate(layers):
        hooks.watch_layer(
            index,
            layer,
            _part(layer, family.output),
            _part(layer, family.after_attention),
        )
    return layers


def _part(module: nn.Module, path: str) -> Any:
    return reduce(getattr, path.split("."), module)


def _learned(layer: nn.Module, family: Family) -> LayerWeights:
    return layer_weights(
        _part(layer, family.query),
        _part(layer, family.key),
        _part(layer, family.value),
        _part(layer, family.output),
        _part(layer, family.norm),
    )


def layer_weights(
    query: nn.Linear, key: nn.Linear, value: nn.Linear, output: nn.Linear, norm: nn.LayerNorm
) -> LayerWeights:
    """A layer's learned numbers as `Trace` keeps them: what a model lacks is 0, a gain 1."""
    q, k, v, o = (
        Projection(
            _read_only(linear.weight, 1.0).T, _read_only(linear.bias, 0.0, linear.out_features)
        )
        for linear in (query, key, value, output)
    )
    size = norm.normalized_shape[0]
    gain, bias = _read_only(norm.weight, 1.0, size), _read_only(norm.bias, 0.0, size)
    return LayerWeights(q, k, v, o, Norm(gain, bias, norm.eps))


def _read_only(parameter: torch.Tensor | None, absent: float, size: int = 0) -> np.ndarray:
    """A parameter's own numbers, or, where the model has none, `size` times `absent`."""
    array = np.full(size, absent, np.float32) if parameter is None else parameter.numpy()
    array.flags.writeable = False
    return array


def _card(checkpoint: Checkpoint, config: PreTrainedConfig, family: Family) -> ModelCard:
    return ModelCard(
        name=checkpoint.name,
        title=checkpoint.title,
        title_zh=checkpoint.title_zh,
        source=checkpoint.source,
        family=config.model_type,
        revision=checkpoint.revision,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        d_model=config.hidden_size,
        d_head=config.hidden_size // config.num_attention_heads,
        max_tokens=min(requirements.most_tokens(config, family), limits().tokens),
        vocabulary=config.vocab_size,
    )
