"""Skipping: tokenizers that leave out what they know nothing of, and where the rest then stands.

A BPE without a blank (its unknown token) skips a character that is no piece. `tokenizers` counts on
as if it had not been there, so that every later token of the word is placed too early. Here such
characters are taken away where the word is cut out: the same numbers come, each in its place.
"""

from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers


class _Known:
    """The last step before words become pieces: only characters that are pieces stay."""

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known

    def pre_tokenize(self, words: Any) -> None:
        """Take the others away, as `tokenizers` asks a step of its own to."""
        words.normalize(lambda word: word.filter(self.known.__contains__))


def in_place(tokenizer: Tokenizer) -> Tokenizer:
    """A tokenizer that gives the same pieces, placed where they stand; itself if it does."""
    model: Any = tokenizer.model
    marks = ("continuing_subword_prefix", "end_of_word_suffix", "ignore_merges", "byte_fallback")
    if not isinstance(model, models.BPE) or model.unk_token is not None:
        return tokenizer
    if any(getattr(model, mark, None) for mark in marks):  # where a piece is more than its letters
        return tokenizer
    known = frozenset(p for p in tokenizer.get_vocab(with_added_tokens=False) if len(p) == 1)
    if known >= set(pre_tokenizers.ByteLevel.alphabet()):  # every byte is one: nothing is skipped
        return tokenizer
    placed = Tokenizer.from_str(tokenizer.to_str())
    steps = [] if placed.pre_tokenizer is None else [placed.pre_tokenizer]
    step = pre_tokenizers.PreTokenizer.custom(_Known(known))
    placed.pre_tokenizer = pre_tokenizers.Sequence([*steps, step])
    return placed
