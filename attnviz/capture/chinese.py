"""Chinese: where the words of a text without spaces end, if jieba is installed to say so.

It is an extra: pip install 'attnviz[chinese]'. Japanese is left alone, whose Chinese characters
are parts of other words.
"""

import logging
import unicodedata
from importlib import import_module
from typing import Any

SEGMENTER = "jieba"  # an extra: nothing here needs it
_CHINESE = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC")
_LETTERS = ("Lo", "Nl")  # 〇 is a number
_JAPANESE = ("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")


def word_at(sentence: str) -> dict[int, int]:
    """Of each Chinese character, by its place, the number of its word; empty without jieba."""
    places = [n for n, character in enumerate(sentence) if _is_of(character, _CHINESE)]
    if not places or any(_is_of(character, _JAPANESE) for character in sentence):
        return {}
    segmenter = _jieba()
    if segmenter is None:
        return {}
    parts = segmenter.tokenize(sentence)  # (word, start, end), all characters in order
    numbers = {place: number for number, (_, *span) in enumerate(parts) for place in range(*span)}
    return {place: numbers[place] for place in places if place in numbers}


def _is_of(character: str, scripts: tuple[str, ...]) -> bool:
    if character.isascii() or unicodedata.category(character) not in _LETTERS:
        return False
    return unicodedata.name(character, "").startswith(scripts)


def _jieba() -> Any:
    """The segmenter; None where it is not installed."""
    try:
        module = import_module(SEGMENTER)
    except ImportError:
        return None
    logging.getLogger(SEGMENTER).setLevel(logging.WARNING)  # it tells how it loads its dictionary
    return module
