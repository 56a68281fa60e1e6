"""Models that read long texts: random weights, built from a configuration alone."""

from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

SIGNS = "abcdefghijklmnopqrstuvwxyz"
SPECIAL = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
MOST = 8_192
SHAPE = {
    "hidden_size": 128,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": MOST,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
}
OF_KIND: dict[str, dict[str, Any]] = {
    "modernbert": {"local_attention": 128, "global_attn_every_n_layers": 2},
    "llama": {"num_key_value_heads": 2},
}
SPREAD = 0.15  # of random weights: attention is then neither even nor on one token alone


def long_model(kind: str, layers: int = 2, **more: Any) -> tuple[Any, Any]:
    """A model of transformers with random weights, and its tokenizer: a token a letter."""
    vocabulary = {**SPECIAL, **{sign: len(SPECIAL) + n for n, sign in enumerate(SIGNS)}}
    shape = {**SHAPE, "num_hidden_layers": layers, "vocab_size": len(vocabulary)}
    config = AutoConfig.for_model(kind, **{**shape, **OF_KIND.get(kind, {}), **more})
    torch.manual_seed(0)
    module = AutoModel.from_config(config)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=SPREAD)
    return module.eval(), _tokenizer(vocabulary)


def _tokenizer(vocabulary: dict[str, int]) -> Any:
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair=None, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    special = {f"{name}_token": piece for name, piece in names.items()}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def long_text(tokens: int) -> str:
    """A text of exactly so many tokens, the two special ones included."""
    numbers = torch.randint(len(SIGNS), (tokens - 2,), generator=torch.Generator().manual_seed(1))
    return " ".join(SIGNS[n] for n in numbers.tolist())
