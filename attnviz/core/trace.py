"""The record of one sentence in one model: `Trace`, and the words for what it holds.

Axes, in the order in which they are always written:

    head       the heads of one layer, counted from 0
    query      the token that looks (destination), rows
    key        the token that is looked at (source), columns
    token      a token of the sentence, with its special tokens
    d_head     the width of one head's q, k, v and z
    d_model    the width of x, of the layer's z and r, and of a head's contribution

Arrays, of a layer or of one head of it:

    queries, keys, values   q, k, v                             "head token d_head"
    scores                  q·k, scaled, mask added             "query key"
    weights                 softmax of the scores over keys     "query key"
    head_output             z of each head: weights @ values    "head token d_head"
    contribution            z W_O^h: what one head writes       "token d_model"
    attention_output        the sum of contributions, plus b_O  "token d_model"
    after_attention         the layer's z: Add & Norm included  "token d_model"
    residual                x at depth 0, then r of each layer  "token d_model"
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import MethodType
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np
from jaxtyping import Float

from attnviz import checks
from attnviz.core.card import LayerWeights, ModelCard, Projected, Projection
from attnviz.core.heads import HeadId, as_head, as_heads
from attnviz.core.intervene import Intervention
from attnviz.core.weights import attention_scores, softmax
from attnviz.errors import InterventionError
from attnviz.runtime.sizes import ELSEWHERE


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the model reads it."""

    text: str  # as people read it
    piece: str  # as it stands in the vocabulary
    position: int
    word: int | None  # the word it is a piece of; None for special tokens and for spaces
    segment: int
    is_special: bool
    is_unknown: bool
    source: str  # the characters of the sentence that it stands for
    word_text: str = ""  # those of its whole word; empty where the model reads another

    @property
    def name(self) -> str:
        """The text and where it stands: duplicates stay distinct."""
        return f"{self.text} ({self.position})"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Tokens beyond the model's maximum, which it never read."""

    tokens: int
    segment: int  # of the first or the second sentence
    after: str  # the last words that were read


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why the model sees a blank at one position."""

    position: int
    reason: Literal["sign", "long", "typed"]
    signs: tuple[str, ...] = ()  # for which the vocabulary has no piece
    most: int = 0  # characters of a word, beyond which its tokenizer does not try


@dataclass(frozen=True, slots=True, eq=False)
class LayerRecord:
    """What one layer showed during the forward pass."""

    queries: Float[np.ndarray, "head token d_head"]
    keys: Float[np.ndarray, "head token d_head"]
    values: Float[np.ndarray, "head token d_head"]
    scaling: float
    mask: Float[np.ndarray, "#query #key"] | None  # added to the scores
    concat: Float[np.ndarray, "token concat"]  # the input of W_O
    entered: Float[np.ndarray, "token d_model"]
    after_attention: Float[np.ndarray, "token d_model"]
    left: Float[np.ndarray, "token d_model"]


class _Drawing:
    """A public function that draws a trace, as a method of it.

    The method is the function, with its parameters and its words. Figures are above this
    layer, so the function is imported when somebody asks for it.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, trace: "Trace | None", _: type) -> Callable[..., "Picture"]:
        function: Callable[..., Picture] = getattr(import_module("attnviz"), self._name)
        return function if trace is None else MethodType(function, trace)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """One sentence through one model. Frozen; every array is read only."""

    model: ModelCard
    text: str
    pair: str | None
    tokens: tuple[Token, ...]
    left_out: tuple[LeftOut, ...]
    layers: tuple[LayerRecord, ...]
    learned: tuple[LayerWeights, ...] = field(metadata={ELSEWHERE: True})
    interventions: tuple[Intervention, ...] = field(default=(), kw_only=True)  # what was changed
    unknown: tuple[Unknown, ...] = field(default=(), kw_only=True)  # one for each blank
    dropped: str = field(default="", kw_only=True)  # characters of which the model sees nothing

    @classmethod
    def from_weights(
        cls,
        tokens: Any,
        weights: Any,
        special: Any = (),
        title: Any = "given weights",
        *,
        allowed: Any = None,
    ) -> "Trace":
        """A trace of attention weights that any other framework has computed.

        `tokens` and `title` are texts; `special` are the positions of special tokens.
        `weights` are "layer head query key", from 0 to 1: an array or tensor of any framework,
        or lists of them, as transformers' own `attentions` of one text.

        `allowed` is the mask that the model used, if any: 1 where a query may look, 0 where
        not, as "token" (transformers' attention_mask), "query key" or "layer head query key".
        Pairs that it does not allow are not drawn, and tokens that it leaves no pair are
        padding and left out; every picture says how many. NumPy's masked arrays carry such a
        mask themselves.

        Everything that needs weights alone can be drawn. Row sums that are not 1 are stated,
        and measures refuse rows that are no distribution.

        Raises:
            CaptureError: if the weights have another shape, are no weights, or are above 0
                where the mask allows nothing, and later where something is asked for that
                they do not hold.
        """
        from attnviz.core.given import given_trace  # which is a kind of this class

        return given_trace(tokens, weights, special, title, allowed)

    @property
    def heads(self) -> tuple[HeadId, ...]:
        """All heads, layer by layer."""
        card = self.model
        return tuple(HeadId(layer, h) for layer in range(card.layers) for h in range(card.heads))

    def __repr__(self) -> str:
        card = self.model
        size = f"{card.layers} × {card.heads} heads, {len(self.tokens)} tokens"
        return f"<Trace: {card.title}, {size}>"

    def check_heads(self, heads: Sequence[tuple[int, int]]) -> tuple[HeadId, ...]:
        """These heads, each one that the model has.

        Raises:
            ArgumentError: if these are no heads, or none.
            InterventionError: if the model has no such head.
        """
        found = as_heads(heads)
        card = self.model
        missing = [
            str(one)
            for one in found
            if not (0 <= one.layer < card.layers and 0 <= one.head < card.heads)
        ]
        if missing:
            raise InterventionError(
                "no_such_head", head=", ".join(missing), layers=card.layers, heads=card.heads
            )
        return found

    def check_head(self, head: tuple[int, int]) -> HeadId:
        """This head, which the model has. Raises as `check_heads` does."""
        return self.check_heads([as_head(head)])[0]

    def check_layer(self, layer: int) -> int:
        """This layer, which the model has.

        Raises:
            ArgumentError: if it is no whole number.
            InterventionError: if the model has no such layer.
        """
        found, layers = checks.whole("layer", layer), self.model.layers
        if not 0 <= found < layers:
            raise InterventionError("no_such_layer", layer=found, layers=layers)
        return found

    overview = _Drawing("overview")
    lines = _Drawing("lines")
    heatmap = _Drawing("heatmap")
    explore = _Drawing("explore")

    def queries(self, layer: int) -> Float[np.ndarray, "head token d_head"]:
        """The queries q of every head of a layer."""
        return self.layers[self.check_layer(layer)].queries

    def keys(self, layer: int) -> Float[np.ndarray, "head token d_head"]:
        """The keys k of every head of a layer."""
        return self.layers[self.check_layer(layer)].keys

    def values(self, layer: int) -> Float[np.ndarray, "head token d_head"]:
        """The values v of every head of a layer."""
        return self.layers[self.check_layer(layer)].values

    def scores(self, head: tuple[int, int]) -> Float[np.ndarray, "query key"]:
        """What softmax is given, for one head: scaled dot products, mask added."""
        layer, index = self.check_head(head)
        record = self.layers[layer]
        return attention_scores(
            record.queries[index], record.keys[index], record.scaling, record.mask
        )

    def weights(self, head: tuple[int, int]) -> Float[np.ndarray, "query key"]:
        """The attention weights of one head. Rows sum to 1."""
        return softmax(self.scores(head))

    def layer_weights(self, layer: int) -> Float[np.ndarray, "head query key"]:
        """The attention weights of every head of a layer."""
        record = self.layers[self.check_layer(layer)]
        return softmax(attention_scores(record.queries, record.keys, record.scaling, record.mask))

    def head_output(self, layer: int) -> Float[np.ndarray, "head token d_head"]:
        """Z of every head, as the model computed it: the input of W_O, cut into heads."""
        concat = self.layers[self.check_layer(layer)].concat
        return concat.reshape(len(concat), self.model.heads, -1).transpose(1, 0, 2)

    def output_projection(self, head: tuple[int, int]) -> Float[np.ndarray, "d_head d_model"]:
        """W_O^h: the rows of the layer's W_O that read this head."""
        layer, index = self.check_head(head)
        return self.learned[layer].output.weight[self._columns(index)]

    def input_projection(self, head: tuple[int, int], name: Projected) -> Projection:
        """W_Q^h, W_K^h or W_V^h with its bias: x @ weight + bias is the head's q, k or v."""
        layer, index = self.check_head(head)
        checks.one_of("name", name, get_args(Projected))
        whole: Projection = getattr(self.learned[layer], name)
        columns = self._columns(index)
        return Projection(whole.weight[:, columns], whole.bias[columns])

    def _columns(self, head: int) -> slice:
        """Where a head's numbers stand among those of all heads side by side."""
        d_head = len(self.learned[0].output.weight) // self.model.heads
        return slice(head * d_head, (head + 1) * d_head)

    def contribution(self, head: tuple[int, int]) -> Float[np.ndarray, "token d_model"]:
        """Z W_O^h: what one head writes into the residual stream."""
        layer, index = self.check_head(head)
        written: np.ndarray = self.head_output(layer)[index] @ self.output_projection(head)
        return written

    def attention_output(self, layer: int) -> Float[np.ndarray, "token d_model"]:
        """W_O(concat(z)): the contributions of all heads, plus the bias of W_O."""
        projection = self.learned[self.check_layer(layer)].output
        total: np.ndarray = self.layers[layer].concat @ projection.weight + projection.bias
        return total

    def after_attention(self, layer: int) -> Float[np.ndarray, "token d_model"]:
        """The layer's z: attention output plus its input, normalised (Add & Norm)."""
        return self.layers[self.check_layer(layer)].after_attention

    def residual(self, depth: int) -> Float[np.ndarray, "token d_model"]:
        """X at depth 0, then r after each layer: the hidden states of the model."""
        found, layers = checks.whole("depth", depth), self.model.layers
        if not 0 <= found <= layers:
            raise InterventionError("no_such_depth", depth=found, layers=layers)
        return self.layers[0].entered if found == 0 else self.layers[found - 1].left


@runtime_checkable
class Picture(Protocol):
    """What a trace is drawn as: shown in a notebook, saved as a file."""

    def to_html(self) -> str:
        """One HTML file that needs no network."""
        ...

    def to_svg(self) -> str:
        """One SVG file at print size."""
        ...

    def _repr_html_(self) -> str: ...
