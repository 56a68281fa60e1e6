"""What a model reads of a text: its tokens, and what it cannot see of it."""

from dataclasses import dataclass
from typing import Literal

MOST_GENERATED = 64  # tokens of a target that a model writes by itself, at most


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the model reads it."""

    text: str  # as people read it
    piece: str  # as it stands in the vocabulary
    position: int
    word: int | None  # the word it is a piece of; None for special tokens and for spaces
    segment: int  # the text that it is of: of a special token the one that its type id says
    is_special: bool
    is_unknown: bool
    source: str  # the characters of the sentence that it stands for
    word_text: str = ""  # those of its whole word; empty where the model reads another
    is_segmented: bool = False  # whether its word was found by a segmenter: Chinese has no spaces

    @property
    def name(self) -> str:
        """The text and where it stands: duplicates stay distinct."""
        return f"{self.text} ({self.position})"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Tokens beyond the model's maximum, which it never read."""

    tokens: int
    segment: int  # of the first or the second sentence, or (2) of a target
    after: str  # the last words that were read


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why the model sees a blank at one position."""

    position: int
    reason: Literal["sign", "long", "typed"]
    signs: tuple[str, ...] = ()  # for which the vocabulary has no piece
    most: int = 0  # characters of a word, beyond which its tokenizer does not try
