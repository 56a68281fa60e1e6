"""Kinds: which of transformers' models are text models, and how each is built and started."""

import sys
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSeq2SeqLM,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.models.auto import modeling_auto

from attnviz.errors import ModelError
from attnviz.models import hooks
from attnviz.models.families import Family
from attnviz.models.model import Target
from attnviz.models.requirements import built_class, has_attention_heads
from attnviz.models.scout import Scout

_TEXT_TASKS = ("CAUSAL_LM", "MASKED_LM", "SEQ_TO_SEQ_CAUSAL_LM")
_TEXT = "input_ids"  # what transformers calls the input of a text model


def check_kind(config: PreTrainedConfig, family: Family | None, title: str) -> None:
    """Make sure that a configuration is that of a text model with attention.

    Raises:
        ModelError: if it has no attention heads, or reads something else than text.
    """
    if family is not None:
        return
    if not has_attention_heads(config):
        raise ModelError("no_attention", model=title, family=config.model_type)
    if not _reads_text(config):
        raise ModelError("family_unknown", model=title, family=config.model_type)


def _reads_text(config: PreTrainedConfig) -> bool:
    kind = config.model_type
    names = (getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING_NAMES", {}) for task in _TEXT_TASKS)
    built = built_class(config)
    is_known = built is not None and any(kind in one for one in names)
    joins = any(
        part is AutoConfig or part in modeling_auto.MODEL_MAPPING
        for part in config.sub_configs.values()
    )
    return is_known and built.main_input_name == _TEXT and not joins


def auto_class(config: PreTrainedConfig) -> Any:
    """What builds a model: with its own head, where that is what says the next token."""
    names = " ".join(getattr(config, "architectures", None) or ())
    own: Any = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING.get(type(config), None)
    if config.is_encoder_decoder and own is not None and own.__name__ in names:
        return AutoModelForSeq2SeqLM
    return AutoModel


def implementation(config: PreTrainedConfig) -> str:
    """The attention that a model is built with: ours, or the eager one of its own code."""
    return hooks.NAME if uses_interface(built_class(config)) else "eager"


def uses_interface(model: type[PreTrainedModel]) -> bool:
    """Whether a family attends through transformers' attention function."""
    return hasattr(sys.modules[model.__module__], "ALL_ATTENTION_FUNCTIONS")


def target_of(module: PreTrainedModel) -> Target:
    """How an encoder–decoder starts its text, and which tokens end it."""
    config: Any = module.config
    generation: Any = getattr(module, "generation_config", None)
    ends = getattr(generation, "eos_token_id", None) or config.eos_token_id
    start = config.decoder_start_token_id
    if start is None and generation is not None:
        start = generation.decoder_start_token_id
    return Target(
        start=start,
        ends=frozenset(ends if isinstance(ends, list) else [ends]) - {None},
        generates=module.can_generate(),
    )


def positions_seen(found: Scout, module: PreTrainedModel) -> int | None:
    """How many tokens have a position of their own, by the embedding of positions that ran.

    RoBERTa and its kin begin after the padding token, so that the first rows are no positions.
    """
    words = module.get_input_embeddings()
    for run in found.embedded:
        rows, table = run.given, run.module
        if table is words or not isinstance(table, nn.Embedding) or rows.is_floating_point():
            continue
        numbers = rows.flatten()
        counted = torch.arange(len(numbers), device=numbers.device)
        if len(numbers) > 1 and torch.equal(numbers, numbers[0] + counted):
            return table.num_embeddings - int(numbers[0])
    return None
