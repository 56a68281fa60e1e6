"""Which keys a query is asked about: the one beside it, the same word elsewhere, separators."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.core.tokens import Token

Pairs = Bool[np.ndarray, "query key"]

_DENSE = 1 / 16  # of all pairs: from so many on, picking them costs more than it saves
_SEPARATORS = {"[SEP]", "</s>", "<sep>", "<|sep|>", "<eos>"}


@dataclass(frozen=True, eq=False)
class Sides:
    """The tokens that look and those that are looked at; what is asked of them is kept."""

    queries: Sequence[Token]
    other_keys: Sequence[Token] | None = None  # None: the keys are the queries
    first: int = 0  # where the first query stands, if these are some of all
    all_queries: Sequence[Token] | None = None  # None: there are no others
    _kept: dict["Targets", "Chosen"] = field(default_factory=dict)

    @property
    def keys(self) -> Sequence[Token]:
        """The tokens that are looked at."""
        whole = self.queries if self.all_queries is None else self.all_queries
        return whole if self.other_keys is None else self.other_keys

    @property
    def queries_are_keys(self) -> bool:
        """Whether offsets between a query and a key mean something."""
        return self.other_keys is None

    def some(self, queries: slice) -> "Sides":
        """The same with some of the queries."""
        found = self.queries[queries]
        if len(found) == len(self.queries):
            return self
        return Sides(found, self.other_keys, queries.start, self.queries)

    def chosen(self, targets: "Targets") -> "Chosen":
        """The targets among these tokens, found once."""
        if targets not in self._kept:
            self._kept[targets] = Chosen(targets(self))
        return self._kept[targets]


@dataclass(frozen=True, eq=False)
class Chosen:
    """Some of the pairs of a query and a key."""

    pairs: Pairs

    @cached_property
    def has_one(self) -> Bool[np.ndarray, " query"]:
        """The queries with such a key."""
        return np.asarray(self.pairs.any(axis=-1))

    @cached_property
    def _places(self) -> tuple[Int[np.ndarray, " pair"], ...]:
        return np.nonzero(self.pairs)

    def sums(self, weights: Float[np.ndarray, "head query key"]) -> Float[np.ndarray, "head query"]:
        """The weight of each query on its chosen keys together."""
        if self.pairs.strides[0] == 0:  # the same keys for every query
            together: np.ndarray = weights @ self.pairs[0].astype(weights.dtype)
            return together
        if self.pairs.mean() > _DENSE:
            return np.asarray(np.vecdot(weights, self.pairs.astype(weights.dtype)))
        queries, keys = self._places
        found = np.zeros(weights.shape[:2])
        if len(queries):
            firsts = np.flatnonzero(np.diff(queries, prepend=-1))
            found[:, queries[firsts]] = np.add.reduceat(weights[:, queries, keys], firsts, axis=1)
        return found


Targets = Callable[[Sides], Pairs]


def at_distance(offset: int) -> Targets:
    """The key so many tokens after the query; none between two different texts."""
    return partial(_at, offset)


def _at(offset: int, sides: Sides) -> Pairs:
    pairs = np.zeros((len(sides.queries), len(sides.keys)), bool)
    if not sides.queries_are_keys:
        return pairs
    return pairs | np.eye(*pairs.shape, k=sides.first + offset, dtype=bool)


def at_position(position: int) -> Targets:
    """One key, counted from 0."""
    return partial(_to, lambda keys: [n == position for n in range(len(keys))])


def special(sides: Sides) -> Pairs:
    """The special tokens, such as [CLS] and [SEP]."""
    return _to(lambda keys: [key.is_special for key in keys], sides)


def separators(sides: Sides) -> Pairs:
    """The special tokens that end a sentence, such as [SEP] and </s>."""
    return _to(lambda keys: [key.is_special and key.piece in _SEPARATORS for key in keys], sides)


def punctuation(sides: Sides) -> Pairs:
    """The tokens that are signs of punctuation alone (Unicode's categories P)."""
    return _to(lambda keys: [is_punctuation(key) for key in keys], sides)


def same_word(sides: Sides) -> Pairs:
    """The tokens of the query's word where that stands in another place, whatever its case.

    Punctuation and special tokens are no words.
    """
    keys = _words(sides.keys)
    part = slice(sides.first, sides.first + len(sides.queries))
    queries = keys[part] if sides.queries_are_keys else _words(sides.queries)
    number = {text: n for n, text in enumerate({text for _, text in (*queries, *keys)} - {""})}
    of_query, of_key = (
        np.array([number.get(text, -1) for _, text in side], int) for side in (queries, keys)
    )
    pairs: np.ndarray = (of_query[:, None] == of_key) & (of_query >= 0)[:, None]
    if sides.queries_are_keys:
        of_query, of_key = (np.array([one for one, _ in side], int) for side in (queries, keys))
        pairs &= of_query[:, None] != of_key
    return pairs


def induction(sides: Sides) -> Pairs:
    """The token that followed the query's token where that stood last before it.

    Special and unknown tokens have none: an unknown one stands for many.
    """
    pairs = np.zeros((len(sides.queries), len(sides.keys)), bool)
    if not sides.queries_are_keys:
        return pairs
    last: dict[str, int] = {}
    for place, token in enumerate(sides.keys):
        if token.is_special or token.is_unknown:
            continue
        if token.piece in last and 0 <= place - sides.first < len(pairs):
            pairs[place - sides.first, last[token.piece] + 1] = True
        last[token.piece] = place
    return pairs


def elsewhere(sides: Sides) -> Pairs:
    """The tokens that are neither special nor punctuation, nor the query's own nor beside it."""
    pairs: np.ndarray = ~(special(sides) | punctuation(sides))
    for offset in (-1, 0, 1):
        pairs &= ~at_distance(offset)(sides)
    return pairs


def is_punctuation(token: Token) -> bool:
    """Whether a token that the model knows is punctuation and nothing else."""
    text = token.text.strip()
    if token.is_special or token.is_unknown or not text:
        return False
    return all(unicodedata.category(sign).startswith("P") for sign in text)


def _to(chosen: Callable[[Sequence[Token]], list[bool]], sides: Sides) -> Pairs:
    keys: Bool[np.ndarray, " key"] = np.array(chosen(sides.keys), bool)
    return np.broadcast_to(keys, (len(sides.queries), len(keys)))


def _words(tokens: Sequence[Token]) -> list[tuple[int, str]]:
    """Of each token the number of its word, and the word; "" of what is no word."""
    sources: dict[int, str] = {}
    for token in tokens:
        if token.word is not None:
            sources[token.word] = sources.get(token.word, "") + token.source
    return [_word(token, sources) for token in tokens]


def _word(token: Token, sources: dict[int, str]) -> tuple[int, str]:
    if token.word is None or token.is_special or is_punctuation(token):
        return -1, ""
    return token.word, (token.word_text or sources[token.word]).strip().casefold()
