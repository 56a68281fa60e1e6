"""Which keys a query is asked about: the one beside it, the same word elsewhere, separators."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from attnviz.core.tokens import Token

Pairs = Bool[np.ndarray, "query key"]
OfKeys = Bool[np.ndarray, " key"]

_DENSE = 1 / 16  # of all pairs: from so many on, picking them costs more than it saves
_SEPARATORS = {"[SEP]", "</s>", "<sep>", "<|sep|>", "<eos>"}


class Words(NamedTuple):
    """The words of a text, token by token."""

    place: Int[np.ndarray, " token"]  # the number of the word in the text
    text: Int[np.ndarray, " token"]  # alike for alike words; −1 of what is no word


@dataclass(frozen=True, eq=False)
class Sides:
    """The tokens that look and those that are looked at; what is asked of them is kept.

    What does not depend on which queries these are is asked of the whole, and once.
    """

    queries: Sequence[Token]
    other_keys: Sequence[Token] | None = None  # None: the keys are the queries
    first: int = 0  # where the first query stands, if these are some of all
    _all: "Sides | None" = None  # of which these are some; None: these are all
    _kept: dict["Targets", "Chosen"] = field(default_factory=dict)
    _keys_that: dict[Callable[[Token], bool], OfKeys] = field(default_factory=dict)

    @property
    def whole(self) -> "Sides":
        """The same with all queries."""
        return self if self._all is None else self._all

    @property
    def part(self) -> slice:
        """Where these queries stand among all."""
        return slice(self.first, self.first + len(self.queries))

    @property
    def keys(self) -> Sequence[Token]:
        """The tokens that are looked at."""
        return self.whole.queries if self.other_keys is None else self.other_keys

    @property
    def queries_are_keys(self) -> bool:
        """Whether offsets between a query and a key mean something."""
        return self.other_keys is None

    def some(self, queries: slice) -> "Sides":
        """The same with some of the queries."""
        queries_there = self.queries[queries]
        if len(queries_there) == len(self.queries):
            return self
        return Sides(queries_there, self.other_keys, queries.start, self)

    def keys_that(self, wanted: Callable[[Token], bool]) -> OfKeys:
        """Which keys are such tokens."""
        known = self.whole._keys_that
        if wanted not in known:
            known[wanted] = np.array([wanted(key) for key in self.keys], bool)
        return known[wanted]

    @cached_property
    def words(self) -> tuple[Words, Words]:
        """The words of all queries and of all keys."""
        if self is not self.whole:
            return self.whole.words
        sides = [_words(self.queries)]
        sides.append(sides[0] if self.queries_are_keys else _words(self.keys))
        number = {text: n for n, text in enumerate({text for side in sides for _, text in side})}
        number[""] = -1
        queries, keys = (
            Words(
                np.array([word for word, _ in side], int),
                np.array([number[text] for _, text in side], int),
            )
            for side in sides
        )
        return queries, keys

    @cached_property
    def followers(self) -> Int[np.ndarray, " query"]:
        """Of each query of all the token that followed its token last time; −1: none did."""
        if self is not self.whole:
            return self.whole.followers
        places = np.full(len(self.queries), -1)
        last: dict[str, int] = {}
        for place, token in enumerate(self.queries):
            if token.is_special or token.is_unknown:
                continue
            places[place] = last.get(token.piece, -2) + 1
            last[token.piece] = place
        return places

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
    def _places(self) -> Int[np.ndarray, " pair"]:
        """Where the pairs are, one row of keys after the other."""
        return np.flatnonzero(self.pairs)

    @cached_property
    def _firsts(self) -> Int[np.ndarray, " query"]:
        """The first pair of each query that has one."""
        return np.flatnonzero(np.diff(self._places // self.pairs.shape[1], prepend=-1))

    @cached_property
    def _counted(self) -> Float[np.ndarray, "query key"] | Float[np.ndarray, " key"] | None:
        """1 for each chosen pair, else 0, where that is the fast way: few pairs are gathered."""
        is_of_keys = self.pairs.strides[0] == 0  # the same keys for every query
        if not is_of_keys and self.pairs.mean() <= _DENSE:
            return None
        counted: np.ndarray = self.pairs[0] if is_of_keys else self.pairs
        return counted.astype(np.float32)

    def sums(self, weights: Float[np.ndarray, "head query key"]) -> Float[np.ndarray, "head query"]:
        """The weight of each query on its chosen keys together."""
        if self._counted is not None:
            counted = self._counted.astype(weights.dtype, copy=False)
            if counted.ndim == 2:
                return np.asarray(np.vecdot(weights, counted))
            # Both are finite: what NumPy may warn of here is a flag that BLAS leaves behind.
            with np.errstate(invalid="ignore"):
                return np.asarray(weights @ counted)
        sums = np.zeros(weights.shape[:2])
        if len(self._places):
            each = weights.reshape(len(weights), -1).take(self._places, axis=1)  # "head pair"
            sums[:, self.has_one] = np.add.reduceat(each, self._firsts, axis=1)
        return sums


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
    return partial(_at_position, position)


def _at_position(position: int, sides: Sides) -> Pairs:
    return _to(np.arange(len(sides.keys)) == position, sides)


def special(sides: Sides) -> Pairs:
    """The special tokens, such as [CLS] and [SEP]."""
    return _to(sides.keys_that(is_special), sides)


def separators(sides: Sides) -> Pairs:
    """The special tokens that end a sentence, such as [SEP] and </s>."""
    return _to(sides.keys_that(_is_separator), sides)


def punctuation(sides: Sides) -> Pairs:
    """The tokens that are signs of punctuation alone (Unicode's categories P)."""
    return _to(sides.keys_that(is_punctuation), sides)


def same_word(sides: Sides) -> Pairs:
    """The tokens of the query's word where that stands in another place, whatever its case.

    Punctuation and special tokens are no words.
    """
    queries, keys = sides.words
    texts = queries.text[sides.part, None]  # "query 1"
    pairs: np.ndarray = (texts == keys.text) & (texts >= 0)
    if sides.queries_are_keys:
        pairs &= queries.place[sides.part, None] != keys.place
    return pairs


def induction(sides: Sides) -> Pairs:
    """The token that followed the query's token where that stood last before it.

    Special and unknown tokens have none: an unknown one stands for many.
    """
    pairs = np.zeros((len(sides.queries), len(sides.keys)), bool)
    if not sides.queries_are_keys:
        return pairs
    key = sides.followers[sides.part]
    has = np.flatnonzero(key >= 0)
    pairs[has, key[has]] = True
    return pairs


def elsewhere(sides: Sides) -> Pairs:
    """The tokens that are neither special nor punctuation, nor the query's own nor beside it."""
    others = sides.keys_that(is_special) | sides.keys_that(is_punctuation)
    pairs = np.array(_to(~others, sides))
    for offset in (-1, 0, 1):
        pairs &= ~at_distance(offset)(sides)
    return pairs


def is_punctuation(token: Token) -> bool:
    """Whether a token that the model knows is punctuation and nothing else."""
    text = token.text.strip()
    if token.is_special or token.is_unknown or not text:
        return False
    return all(unicodedata.category(sign).startswith("P") for sign in text)


def is_special(token: Token) -> bool:
    """Whether a token is special, such as [CLS]."""
    return token.is_special


def _is_separator(token: Token) -> bool:
    return token.is_special and token.piece in _SEPARATORS


def _to(keys: OfKeys, sides: Sides) -> Pairs:
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
