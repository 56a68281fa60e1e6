"""Tiny tokenizers of the three kinds that encoders come with, as transformers' own."""

from collections.abc import Callable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from tests.conftest import LETTERS, TINY_VOCABULARY, tiny_tokenizer

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def sentence_piece() -> PreTrainedTokenizerFast:
    """A unigram tokenizer as XLM-RoBERTa's: both sentences of a pair are of type 0."""
    pieces = [(piece, 0.0) for piece in SPECIAL]
    pieces += [("▁", -2.0), *((letter, -4.0) for letter in LETTERS)]
    pieces += [(f"▁{word}", -1.0) for word in ("the", "cat", "sat", "on", "mat")]
    pieces += [(sign, -4.0) for sign in ",.我爱猫"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return _named(tokenizer)


def byte_level() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer as RoBERTa's: its call gives no types at all."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: index for index, piece in enumerate([*SPECIAL, *alphabet])}
    merges = [("t", "h"), ("th", "e"), ("c", "a"), ("ca", "t"), ("Ġ", "the"), ("Ġ", "cat")]
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    fast = _named(tokenizer)
    fast.model_input_names = ["input_ids", "attention_mask"]
    return fast


def accented() -> PreTrainedTokenizerFast:
    """A word-piece tokenizer that keeps capitals and accents, with types 0 and 1."""
    vocabulary = {piece: index for index, piece in enumerate(TINY_VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]"
    )


def _named(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
    )


TOKENIZERS: dict[str, Callable[[], PreTrainedTokenizerFast]] = {
    "word pieces": tiny_tokenizer,
    "word pieces with capitals": accented,
    "sentence pieces": sentence_piece,
    "bytes": byte_level,
}
