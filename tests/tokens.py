"""Tokens made by hand."""

from attnviz.core.tokens import Token


def token(text: str, position: int, word: int | None) -> Token:
    """A token of a word; a special one if of none."""
    return Token(text, text, position, word, 0, word is None, False, text)
