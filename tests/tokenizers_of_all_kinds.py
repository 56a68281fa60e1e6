"""A tokenizer of each kind that a folder may bring, small enough to follow by hand."""

from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from attnviz.models.load import Model

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
READ = ["the cat sat on the mat", "a work of art"]


def byte_level(add_prefix_space: bool = False, trim: bool = False) -> Tokenizer:
    """RoBERTa's kind: pieces stand for bytes, and a space belongs to the word after it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=SPECIAL,
        show_progress=False,
    )
    tokenizer.train_from_iterator(READ * 3, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=trim, add_prefix_space=add_prefix_space
    )
    return tokenizer


def sentence_piece() -> Tokenizer:
    """XLM-RoBERTa's kind: a space is the sign ▁ before a word, or a piece of its own."""
    words = ["▁the", "▁cat", "▁sat", "▁ma", "t", "▁", "我", "爱猫", "a", "▁New▁York"]
    pieces = [(piece, 0.0) for piece in SPECIAL] + [(word, -2.0) for word in words]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return tokenizer


def saved(folder: Path, tokenizer: Tokenizer) -> Path:
    """A tiny RoBERTa with this tokenizer."""
    config = AutoConfig.for_model(
        "roberta",
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=20,
        max_position_embeddings=60,
        pad_token_id=1,
        type_vocab_size=1,
    )
    AutoModel.from_config(config).save_pretrained(folder)
    named(tokenizer).save_pretrained(folder)
    return folder


def named(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """A tokenizer as transformers' own, which knows its special tokens by their roles."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
    )


def with_tokenizer(model: Model, tokenizer: Tokenizer, unknown: str = "<unk>") -> Model:
    """The same model reading with another tokenizer, for what is only read."""
    is_bytes = isinstance(tokenizer.pre_tokenizer, pre_tokenizers.ByteLevel)
    return replace(model, tokenizer=tokenizer, byte_level=is_bytes, unknown_token=unknown)
