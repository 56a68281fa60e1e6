"""What the attention of one layer showed, of one kind: q, k, v, and what acts on the scores.

Heads that share keys and values have one pair of them for several queries (grouped heads,
Ainslie et al. 2023): head h reads those of kv_head h // (heads // kv_heads).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from attnviz.core.card import LayerWeights, Projected, Projection
from attnviz.core.heads import Kind
from attnviz.core.tiles import EVERY, TILE, Queries, blocks, check_size, of_queries
from attnviz.core.weights import attention_scores, softmax
from attnviz.runtime.sizes import ELSEWHERE

AttentionKey = tuple[Kind, int]  # the kind, and the layer

Heads = int | slice  # one head, or several side by side


@runtime_checkable
class Weighted(Protocol):
    """What every record of a layer's attention answers: its weights, and where one may look."""

    @property
    def heads(self) -> int:
        """How many heads the layer has."""

    @property
    def sizes(self) -> tuple[int, int]:
        """How many queries and how many keys there are."""

    def weights(
        self, head: Heads, queries: Queries = EVERY
    ) -> Float[np.ndarray, "*head query key"]:
        """The attention weights of some queries, exactly 0 where a query may not look."""

    def may_look(
        self, head: Heads, queries: Queries = EVERY
    ) -> Bool[np.ndarray, "*head query key"] | None:
        """Which of some queries may look at which key; None: every one at all."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scored:
    """What the weights of one layer are computed from."""

    queries: Float[np.ndarray, "head query d_head"]
    keys: Float[np.ndarray, "kv_head key d_head"]
    scaling: float
    allowed: Bool[np.ndarray, "#head #query key"] | None = None  # None: all
    added: Float[np.ndarray, "#head #query key"] | None = None  # to the scores, once scaled
    softcap: float | None = None
    sinks: Float[np.ndarray, " head"] | None = None
    # what the model used in heads where an intervention had changed it, by head
    changed_scores: Mapping[int, Float[np.ndarray, "query key"]] = field(default_factory=dict)
    changed_weights: Mapping[int, Float[np.ndarray, "query key"]] = field(default_factory=dict)
    learned: LayerWeights = field(metadata={ELSEWHERE: True})

    @property
    def heads(self) -> int:
        """How many heads the layer has."""
        return len(self.queries)

    @property
    def sizes(self) -> tuple[int, int]:
        """How many queries and how many keys there are."""
        return self.queries.shape[1], self.keys.shape[1]

    def scores(self, head: Heads, queries: Queries = EVERY) -> Float[np.ndarray, "*head query key"]:
        """What softmax was given: scaled dot products, −∞ where a query may not look."""
        return self._with_changes(head, self.changed_scores, self._scores, queries)

    def _scores(self, head: Heads, queries: Queries) -> Float[np.ndarray, "*head query key"]:
        keys, rows = self.shared(self.keys, head), self.queries[head][..., queries, :]
        check_size(*rows.shape[:-1], keys.shape[-2])
        scores = attention_scores(rows, keys, self.scaling, self.softcap)
        if self.added is not None:
            scores += of_queries(_of(self.added, head), queries)
        if self.allowed is not None:
            np.copyto(scores, -np.inf, where=~of_queries(_of(self.allowed, head), queries))
        return scores

    def weights(
        self, head: Heads, queries: Queries = EVERY
    ) -> Float[np.ndarray, "*head query key"]:
        """The attention weights that were used: softmax of the scores over keys."""
        return self._with_changes(head, self.changed_weights, self._weights, queries)

    def _weights(self, head: Heads, queries: Queries) -> Float[np.ndarray, "*head query key"]:
        """Computed in blocks of queries: what a block takes besides is small."""
        sinks = None if self.sinks is None else np.asarray(self.sinks[head])[..., None]  # "*head 1"
        *heads, count, _ = self.queries[head][..., queries, :].shape
        check_size(*heads, count, self.sizes[1])
        a_query = prod(heads) * self.sizes[1]
        if count * a_query <= TILE:
            return softmax(self.scores(head, queries), sinks)
        rows = np.arange(self.sizes[0])[queries]
        weights = np.empty((*heads, count, self.sizes[1]), self.queries.dtype)
        for part in blocks(count, a_query):
            weights[..., part, :] = softmax(self.scores(head, rows[part]), sinks)
        return weights

    def may_look(
        self, head: Heads, queries: Queries = EVERY
    ) -> Bool[np.ndarray, "*head query key"] | None:
        """Which of some queries may look at which key; None: every one at all."""
        cut = {h: ~np.isneginf(scores) for h, scores in self.changed_scores.items()}
        if cut:
            return self._with_changes(head, cut, self._allowed, queries)
        may: np.ndarray | None = self._allowed(head, queries)
        return may

    def _allowed(self, head: Heads, queries: Queries) -> Any:
        sizes = (*self.queries[head][..., queries, :].shape[:-1], self.sizes[1])
        if self.allowed is None:
            return np.ones(sizes, bool) if self.changed_scores else None
        return np.broadcast_to(of_queries(_of(self.allowed, head), queries), sizes)

    def _with_changes(
        self,
        head: Heads,
        changed: Mapping[int, np.ndarray],
        plain: Callable[[Heads, Queries], np.ndarray],
        queries: Queries,
    ) -> np.ndarray:
        """What `plain` gives, and in changed heads what an intervention left."""
        if isinstance(head, int):
            return changed[head][queries] if head in changed else plain(head, queries)
        numbers = plain(head, queries)
        if changed:
            numbers = numbers.copy()
            for place, one in enumerate(range(self.heads)[head]):
                if one in changed:
                    numbers[place] = changed[one][queries]
        return numbers

    def shared(
        self, array: Float[np.ndarray, "kv_head key d_head"], head: Heads
    ) -> Float[np.ndarray, "*head key d_head"]:
        """The keys or values that heads read."""
        group = self.heads // len(array)
        shared: np.ndarray
        if isinstance(head, int):
            shared = array[head // group]
        else:
            shared = array[np.arange(self.heads)[head] // group] if group > 1 else array[head]
        return shared

    def output_projection(self, head: int) -> Float[np.ndarray, "d_value d_model"]:
        """W_O^h: the rows of W_O that read a head."""
        weight = self.learned.output.weight
        return weight[_part(len(weight), head, self.heads)]

    def input_projection(self, head: int, name: Projected) -> Projection:
        """W_Q^h, W_K^h or W_V^h with its bias."""
        whole: Projection = getattr(self.learned, name)
        owners = self.heads if name == "query" else len(self.keys)
        columns = _part(len(whole.bias), head * owners // self.heads, owners)
        return Projection(whole.weight[:, columns], whole.bias[columns])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AttentionRecord(Scored):
    """What the attention of one layer showed during the forward pass."""

    values: Float[np.ndarray, "kv_head key d_value"]  # as wide as keys, but in few families
    concat: Float[np.ndarray, "query concat"]  # the input of W_O: what the model went on with

    @property
    def head_output(self) -> Float[np.ndarray, "head query d_value"]:
        """Z of every head, as the model computed it: `concat` cut into heads."""
        return self.concat.reshape(len(self.concat), self.heads, -1).transpose(1, 0, 2)

    def blend(self) -> Float[np.ndarray, "head query d_value"]:
        """Z of every head once more: weights · v."""
        every = slice(None)
        z: np.ndarray = self.weights(every) @ self.shared(self.values, every)
        return z


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """The residual stream of one sequence of tokens."""

    residual: tuple[Float[np.ndarray, "token d_model"], ...]  # x, then r of each layer
    after_attention: tuple[Float[np.ndarray, "token d_model"], ...]  # z of each layer


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Weights that were computed elsewhere, and what is to be said of them."""

    weights: Float[np.ndarray, "layer head query key"]
    allowed: Bool[np.ndarray, "layer head query key"] | None  # None: every query sees every key
    padding: int  # tokens that the mask left out
    row_sums: tuple[float, float]  # the smallest and the largest


def _of(array: np.ndarray, head: Heads) -> np.ndarray:
    """The part of an array "#head #query key" that is of one head, or of several."""
    if len(array) > 1:
        return np.asarray(array[head])
    return np.asarray(array[0]) if isinstance(head, int) else array


def _part(size: int, number: int, parts: int) -> slice:
    """Where one of equal parts, side by side, begins and ends."""
    width = size // parts
    return slice(number * width, (number + 1) * width)
