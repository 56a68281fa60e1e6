"""Opening: from the files of a checkpoint to a model that has proved itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging

from attnviz.core.card import Capability, ModelCard, Source
from attnviz.core.predictions import Predicts
from attnviz.errors import AttnvizError, ModelError
from attnviz.models import catalogue, kinds, layout, precision, proof, requirements, task_head
from attnviz.models.accelerator import accelerated
from attnviz.models.catalogue import Checkpoint
from attnviz.models.families import Family, families
from attnviz.models.feed_forward import cut_feed_forward
from attnviz.models.folders import WEIGHTS
from attnviz.models.model import Limits, Model
from attnviz.models.places import Place
from attnviz.models.progress import Progress
from attnviz.models.skipping import in_place
from attnviz.models.task_head import TaskHead
from attnviz.models.tokenizers import Tokenizers, tokenizers_of_folder
from attnviz.runtime.limits import limits
from attnviz.runtime.memory import use_freed_again

_REASON = 200  # characters of what transformers or torch says
_TYPES = "token_type_ids"  # as transformers calls them

transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def open_model(checkpoint: Checkpoint, progress: Progress | None = None) -> Model:
    """The model of a checkpoint.

    Raises:
        CaptureError: if its attention is not seen in full.
        ModelError: if it is not one that we can look into.
    """
    if progress is not None:
        progress(0.0, "load")
    config = _config(checkpoint)
    family = families().get(config.model_type)
    checked(config, family, checkpoint.title)
    tokenizers = tokenizers_of_folder(checkpoint)

    def built(dtype: torch.dtype) -> Model:
        if checkpoint.random_weights:
            module, head = _random(config), None
        else:
            module, head = _trained(config, checkpoint, dtype)
        module.train(False).requires_grad_(False)
        card = _card(checkpoint, module)
        return with_head(described(card, module, family, tokenizers), head)

    model = accelerated(_in_half(built(torch.float32), checkpoint, built))
    if progress is not None:
        progress(1.0, "load")
    return model


def _in_half(model: Model, checkpoint: Checkpoint, built: Callable[[torch.dtype], Model]) -> Model:
    """A model that was saved in half precision in that, once it is proved in float32.

    As it is where torch has no half precision for it on this machine, it does not add up there,
    or it would round what the file holds in full.
    """
    if checkpoint.random_weights:
        return model
    stored = catalogue.stored_tensors(checkpoint.folder)
    dtype = precision.stored(one.kind for one in stored.values())
    if dtype == torch.float32:
        return model
    try:
        half = built(dtype)
    except AttnvizError:
        return model
    return model if requirements.is_rounded(half.module, stored) else half


def checked(config: PreTrainedConfig, family: Family | None, title: str) -> None:
    """Make sure that a configuration is that of a text model which is computed as it says.

    Raises:
        ModelError: if not.
    """
    kinds.check_kind(config, family, title)
    requirements.check_config(config, family, title)


def described(
    card: ModelCard,
    module: PreTrainedModel,
    family: Family | None,
    tokenizers: Tokenizers,
) -> Model:
    """A module as a model that is hooked for capture and has proved itself.

    Raises:
        CaptureError: if its attention is not seen in full.
        ModelError: if it is not one that we can look into.
    """
    requirements.check_numbers(module, card.title)
    try:
        model = _hooked(card, module, family, tokenizers)
        proof.prove(model)
    except AttnvizError:
        raise
    except Exception as problem:  # the model's own code, of any kind
        reason = f"{type(problem).__name__}: {problem}"[:_REASON]
        raise ModelError("cannot_run", model=card.title, problem=reason) from problem
    return model


def _hooked(
    card: ModelCard,
    module: PreTrainedModel,
    family: Family | None,
    tokenizers: Tokenizers,
) -> Model:
    """A model with its places, hooked for capture, and not proved yet."""
    is_watched = not kinds.uses_interface(type(module))
    if family is not None:
        places = layout.places_of_family(module, family)
    else:
        card, places = _seen(card, module, is_watched)
    layout.watch(places, is_watched)
    cut_feed_forward(module)
    use_freed_again()
    return Model(
        name=card.name,
        card=card,
        limits=Limits(card.max_tokens, limits().characters),
        tokenizer=in_place(tokenizers.fast),
        unknown_token=tokenizers.named.unk_token,
        mask_token=tokenizers.named.mask_token,
        gives_types=_TYPES in tokenizers.named.model_input_names,
        segments=_segments(module),
        byte_level='"ByteLevel"' in tokenizers.fast.to_str().partition('"model":')[0],
        module=module,
        places=places,
        capabilities=layout.shown(places, is_watched),
        is_watched=is_watched,
        target=kinds.target_of(module) if module.config.is_encoder_decoder else None,
    )


def _seen(
    card: ModelCard, module: PreTrainedModel, is_watched: bool
) -> tuple[ModelCard, tuple[Place, ...]]:
    """The places that one pass shows, and the sizes that it shows with them.

    Raises:
        ModelError: if there are none.
    """
    given = proof.probe(card, padding=0)
    found = layout.scouted(module, given, is_watched)
    if not found.attended:
        raise ModelError("attention_hidden", model=card.title, family=card.family)
    places = layout.places_seen(module, found, card.architecture == "encoder-decoder")
    first = found.attended[0]
    positions = kinds.positions_seen(found, module)
    named, others = layout.beside(module, found)
    card = replace(
        card,
        layers=max(layer for _, layer in (place.key for place in places)) + 1,
        heads=first.heads,
        d_head=first.d_head or card.d_model // first.heads,
        max_tokens=min(card.max_tokens, positions or card.max_tokens),
        layers_named=named,
        other_layers=others,
    )
    if card.architecture == "encoder" and all(call.is_causal for call in found.attended):
        card = replace(card, architecture="decoder")
    return card, places


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
    if hasattr(config, "use_cache"):
        config.use_cache = False  # a text is read once, as a whole
    return config


def _trained(
    config: PreTrainedConfig, checkpoint: Checkpoint, dtype: torch.dtype
) -> tuple[PreTrainedModel, TaskHead | None]:
    """The model of a checkpoint, and the head for a task that the file holds in full beside it."""
    if (found := _with_task(config, checkpoint, dtype)) is not None:
        stored = catalogue.stored_tensors(checkpoint.folder)
        predicts, whole, report = found
        requirements.check_file(WEIGHTS, report, whole.base_model, stored)
        _own(whole)
        base: Any = whole.base_model
        return base, task_head.head_of(predicts, whole)
    try:
        module, report = _loaded(kinds.auto_class(config), config, checkpoint, dtype)
    except Exception as problem:  # safetensors raises its own kinds, by version
        raise ModelError("damaged_file", file=WEIGHTS) from problem
    requirements.check_file(WEIGHTS, report, module, catalogue.stored_tensors(checkpoint.folder))
    _own(module)
    return module, task_head.head_of_target(module)


def _with_task(
    config: PreTrainedConfig, checkpoint: Checkpoint, dtype: torch.dtype
) -> tuple[Predicts, PreTrainedModel, Any] | None:
    """A model with the head of the task that it was saved for; None if the file lacks a part."""
    task = task_head.task_of(config, tuple(getattr(config, "architectures", None) or ()))
    if task is None:
        return None
    try:
        whole, report = _loaded(task[1], config, checkpoint, dtype)
    except (*task_head.CANNOT, OSError, SafetensorError):  # said of the model without its head
        return None
    is_whole = not report["missing_keys"] and not report["mismatched_keys"]
    return (task[0], whole, report) if is_whole else None


def _loaded(
    built: Any, config: PreTrainedConfig, checkpoint: Checkpoint, dtype: torch.dtype
) -> Any:
    """A model of a class with the weights of a checkpoint, and transformers' report."""
    return built.from_pretrained(
        checkpoint.folder,
        config=config,
        attn_implementation=kinds.implementation(config),
        dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # told apart by name
    )


def with_head(model: Model, head: TaskHead | None) -> Model:
    """A model with what predicts, if it says of one run what the whole model says of the text."""
    if head is None:
        return model
    given = proof.probe(model.card)
    if head.module is not None and not task_head.says_the_same(head, model.module, given):
        return model
    task_head.watch_answer(model.module)
    capabilities: frozenset[Capability] = model.capabilities | frozenset({"predictions"})
    return replace(model, task_head=head, capabilities=capabilities)


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
        module: PreTrainedModel = kinds.auto_class(config).from_config(
            config, attn_implementation=kinds.implementation(config)
        )
    return module


def _segments(module: PreTrainedModel) -> int:
    """Rows of the segment embedding of a model, 0 if it has none."""
    embedding = getattr(getattr(module, "embeddings", None), "token_type_embeddings", None)
    return embedding.num_embeddings if isinstance(embedding, nn.Embedding) else 0


def _card(checkpoint: Checkpoint, module: PreTrainedModel) -> ModelCard:
    card = card_of(module, checkpoint.title, checkpoint.source, checkpoint.revision)
    return replace(card, name=checkpoint.name, title_zh=checkpoint.title_zh)


def card_of(module: PreTrainedModel, title: str, source: Source, revision: str) -> ModelCard:
    """What a module is, by its configuration."""
    config: Any = module.config
    words: Any = module.get_input_embeddings()
    positions = requirements.most_tokens(config, families().get(config.model_type))
    return ModelCard(
        name="",
        title=title,
        source=source,
        family=config.model_type,
        revision=revision,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        d_model=config.hidden_size,
        d_head=config.hidden_size // config.num_attention_heads,
        max_tokens=min(positions, limits().tokens),
        vocabulary=len(words.weight),
        dtype=str(precision.of(module)).removeprefix("torch."),
        architecture="encoder-decoder" if config.is_encoder_decoder else "encoder",
    )
