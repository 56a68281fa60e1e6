"""Unseen: what a model does not see of a text, and why.

A tokenizer writes a blank (its unknown token) where its vocabulary has nothing, and drops some
characters without a trace, such as control characters.
"""

import unicodedata
from collections.abc import Callable

from tokenizers import Encoding, Tokenizer, models

from attnviz.core.tokens import Unknown

_NO_ACCENTS = (0, 9)  # combining classes of vowel signs and of signs that silence a vowel


def unknown_at(position: int, source: str, piece: str, tokenizer: Tokenizer) -> Unknown:
    """Why `tokenizer` writes its unknown `piece` for the characters `source`."""
    if source == piece:
        return Unknown(position, "typed")
    normalised = _normaliser(tokenizer)(source).strip()
    most = getattr(tokenizer.model, "max_input_chars_per_word", None)
    if most is not None and len(normalised) > most:
        return Unknown(position, "long", most=most)
    return Unknown(position, "sign", signs=_signs(normalised, tokenizer) or (source,))


def dropped(sentence: str, encoding: Encoding, tokenizer: Tokenizer, *, is_cut: bool) -> str:
    """The characters of a sentence, as far as it is read, of which no token holds anything.

    It is read to its end, or to that of its last token if it `is_cut`.

    White space is none of them where it still parts two words, nor is an accent that is taken
    off its letter.
    """
    end = encoding.offsets[-1][1] if is_cut else len(sentence)
    spans = list(zip(encoding.ids, encoding.offsets, strict=True))
    held = set[int]().union(*(range(*span) for _, span in spans))
    added = tokenizer.get_added_tokens_decoder()  # read as they stand, whatever their letters
    named = set[int]().union(*(range(*span) for number, span in spans if number in added))
    normalise = _normaliser(tokenizer)
    lost = {c for c in set(sentence) if normalise(f"a{c}a") == normalise("aa")}
    if tokenizer.pre_tokenizer is not None:  # which may throw away what it cuts at, or skip

        def words(text: str) -> str:
            return "".join(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text))

        visible = {c for c in set(sentence) - lost if not c.isspace()}
        lost |= {c for c in visible if words(normalise(f"a{c}a")) == words(normalise("aa"))}
    return "".join(
        character
        for index, character in enumerate(sentence[:end])
        if not _is_accent(character)
        and index not in named
        and (character in lost or not (index in held or character.isspace()))
    )


def _normaliser(tokenizer: Tokenizer) -> Callable[[str], str]:
    normaliser = tokenizer.normalizer
    return str if normaliser is None else normaliser.normalize_str


def _signs(normalised: str, tokenizer: Tokenizer) -> tuple[str, ...]:
    """The characters that are no piece of the vocabulary, at the start of a word or in one."""
    if isinstance(tokenizer.model, models.WordLevel):
        return ()  # whose pieces are whole words
    inside = getattr(tokenizer.model, "continuing_subword_prefix", None) or ""
    return tuple(
        character
        for character in dict.fromkeys(normalised)
        if tokenizer.token_to_id(character) is None
        and tokenizer.token_to_id(inside + character) is None
        and not character.isspace()
    )


def _is_accent(character: str) -> bool:
    return unicodedata.combining(character) not in _NO_ACCENTS
