"""Grouping: which tokens are pieces of one word, and what the sentence has for it.

A tokenizer splits at spaces, and often at punctuation; its words are taken as they are, but
for three things. A token of spaces alone is no part of a word. A space between two tokens ends
a word also where the tokenizer says nothing of words (Llama's takes a text for one). And where a
script writes no spaces, nobody has said where a word ends: there each character stands alone, or
each token where a token holds several; but for Chinese words, which a segmenter finds where there
is one.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Span = tuple[int, int]  # of characters in a sentence
WordAt = Mapping[int, int]  # the number of a character's word, by the character's place

# Beginnings of the Unicode names of letters and marks of scripts without spaces
_UNSPACED = (
    "CJK",
    "IDEOGRAPHIC",
    "HIRAGANA",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "BOPOMOFO",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
    "TIBETAN",
    "TAI LE",
    "NEW TAI LUE",
    "TAI THAM",
    "TAI VIET",
    "AHOM",
    "JAVANESE",
    "BALINESE",
    "YI",
    "NUSHU",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A token as its tokenizer places it."""

    sentence: int
    span: Span
    word: int | None  # the tokenizer's; None for what is no part of a word


def is_unspaced(text: str) -> bool:
    """Whether `text` holds letters of a script that is written without spaces."""
    return any(_is_unspaced(character) for character in text)


def is_mark(character: str) -> bool:
    """Whether a character sits on the one before it."""
    return bool(character) and unicodedata.category(character).startswith("M")


def words(
    pieces: Sequence[Piece], sentences: Sequence[str], segmented: Sequence[WordAt] = ()
) -> list[int | None]:
    """The word of each token, counted through all sentences.

    `segmented` is of each sentence what `capture.chinese.word_at` says of it.
    """
    numbers: list[int | None] = []
    count = 0
    before = Piece(0, (0, 0), None)
    for piece in pieces:
        if piece.word is None:
            numbers.append(None)
        else:
            word_at = segmented[piece.sentence] if segmented else {}
            text = sentences[piece.sentence]
            goes_on = before.word is not None and _goes_on(before, piece, text, word_at)
            count += not goes_on
            numbers.append(count - 1)
        before = piece
    return numbers


def _goes_on(before: Piece, piece: Piece, text: str, word_at: WordAt) -> bool:
    """Whether a token belongs to the same word as the one before it."""
    if piece.sentence != before.sentence:
        return False
    start, end = piece.span
    if start < before.span[1]:  # both are parts of one character
        return True
    first, last = text[start:end][:1], text[slice(*before.span)][-1:]
    touches = start == before.span[1]
    is_one_word = start in word_at and word_at[start] == word_at.get(start - 1)
    if touches and (is_mark(first) or is_one_word):
        return True
    if first.isspace() or last.isspace() or _is_unspaced(first) or _is_unspaced(last):
        return False
    if any(character.isspace() for character in text[before.span[1] : start]):
        return False
    if _is_wide_punctuation(first) != _is_wide_punctuation(last):
        return False
    inside = touches and is_mark(last) and first.isalpha()  # byte-level splitting parts these
    return inside or piece.word == before.word


def _is_wide_punctuation(character: str) -> bool:
    """Whether a character is punctuation as Chinese and Japanese have it: ， 。 「."""
    if not character or character.isascii():
        return False
    is_wide = unicodedata.east_asian_width(character) in "WF"
    return is_wide and unicodedata.category(character).startswith("P")


def _is_unspaced(character: str) -> bool:
    if not character or character.isascii():
        return False
    kind = unicodedata.category(character)
    is_letter = kind[0] in "LM" or kind == "Nl"
    return is_letter and unicodedata.name(character, "").startswith(_UNSPACED)
