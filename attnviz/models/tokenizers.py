"""Tokenizers: what reads texts for a model, from transformers' own."""

from typing import Any, NamedTuple

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from attnviz.errors import ModelError
from attnviz.models.catalogue import Checkpoint
from attnviz.models.folders import has_vocabulary

_FILE = "tokenizer.json"  # of a fast one


class Tokenizers(NamedTuple):
    """What reads for a model: a fast tokenizer, ours alone, and transformers' own around it."""

    fast: Tokenizer
    named: Any  # which names the special tokens and the model's inputs


def tokenizers_of_folder(checkpoint: Checkpoint) -> Tokenizers:
    """Those of a checkpoint.

    Raises:
        ModelError: if it has none, or none of the fast ones.
    """
    folder = checkpoint.vocabulary or checkpoint.folder
    if not has_vocabulary(folder):
        # transformers would make one with an empty vocabulary, to which all is [UNK].
        raise ModelError("no_fast_tokenizer", file=_FILE)
    try:
        named = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as problem:  # a missing or damaged file shows as any of many kinds
        raise ModelError("no_fast_tokenizer", file=_FILE) from problem
    return tokenizers_of(named)


def tokenizers_of(named: Any) -> Tokenizers:
    """Transformers' tokenizer, and the fast one in it as a copy that cuts and pads nothing.

    Raises:
        ModelError: if it is none of the fast ones.
    """
    if not getattr(named, "is_fast", False):
        raise ModelError("no_fast_tokenizer", file=_FILE)
    fast = Tokenizer.from_str(named.backend_tokenizer.to_str())
    fast.no_truncation()
    fast.no_padding()
    _keep_spaces(fast.post_processor)
    return Tokenizers(fast, named)


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
