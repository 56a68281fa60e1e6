"""Tiny random models and their tokenizer: of a few letters and words."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TINY_VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TINY_VOCABULARY += [*LETTERS, *(f"##{letter}" for letter in LETTERS)]
TINY_VOCABULARY += ["the", "cat", "sat", "on", "mat", ".", ",", "##ing"]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A word-piece tokenizer with a vocabulary of a few letters and words."""
    vocabulary = {piece: index for index, piece in enumerate(TINY_VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def save_tiny(
    folder: Path,
    kind: str = "bert",
    tokenizer: PreTrainedTokenizerFast | None = None,
    **sizes: float,
) -> Path:
    """A random model of a family, saved with its tokenizer."""
    names = {
        "hidden_size": 24,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 50,
    }
    if kind == "distilbert":
        names = {
            "dim": 24,
            "n_layers": 3,
            "n_heads": 4,
            "hidden_dim": 40,
            "max_position_embeddings": 50,
        }
    if kind == "electra":
        names["embedding_size"] = 24
    config = AutoConfig.for_model(
        kind,
        **{
            **names,
            "vocab_size": len(TINY_VOCABULARY),
            "pad_token_id": 0,
            "initializer_range": 0.5,
            **sizes,
        },
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        AutoModel.from_config(config).save_pretrained(folder)
    (tokenizer or tiny_tokenizer()).save_pretrained(folder)
    return folder
