"""The record of one sentence in one model: `Trace`, and the words for what it holds.

Axes, in the order in which they are always written:

    head       the heads of one layer, counted from 0
    kv_head    those with keys and values of their own; as many as heads, or fewer that share
    query      the token that looks (destination), rows
    key        the token that is looked at (source), columns
    token      a token of the sentence, with its special tokens
    d_head     the width of one head's q, k, v and z
    d_model    the width of x, of the layer's z and r, and of a head's contribution

Arrays, of a layer or of one head of it:

    queries                 q                                   "head token d_head"
    keys, values            k, v                                "kv_head token d_head"
    scores                  q·k, scaled, −∞ if not allowed      "query key"
    weights                 softmax of the scores over keys     "query key"
    allowed                 whether a query may look at a key   "query key", None: all
    head_output             z of each head: weights @ values    "head token d_head"
    contribution            z W_O^h: what one head writes       "token d_model"
    attention_output        the sum of contributions, plus b_O  "token d_model"
    after_attention         the layer's z: Add & Norm included  "token d_model"
    residual                x at depth 0, then r of each layer  "token d_model"
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import numpy as np
from jaxtyping import Float

from attnviz import checks
from attnviz.core.attention import AttentionKey, AttentionRecord, Given, Scored, Stream, Weighted
from attnviz.core.card import Capability, LayerWeights, ModelCard, Norm, Projected, Projection
from attnviz.core.heads import SEQUENCES, AnyHead, HeadId, Kind, as_head, as_heads
from attnviz.core.intervention import Intervention
from attnviz.core.looking import Looking
from attnviz.core.methods import Draws, add_methods
from attnviz.core.predictions import Predicting, Predictions
from attnviz.core.tokens import LeftOut, Token, Unknown
from attnviz.errors import ArgumentError, CaptureError, InterventionError

EVERYTHING: frozenset[Capability] = frozenset(get_args(Capability))


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False, repr=False)
class Trace(Looking, Predicting):
    """One sentence through one model. Frozen; every array is read only."""

    model: ModelCard
    text: str
    pair: str | None
    sequences: Mapping[str, tuple[Token, ...]]  # "text"; of an encoder–decoder source and target
    left_out: tuple[LeftOut, ...]
    attention: Mapping[AttentionKey, Weighted]  # of a kind and a layer
    hidden: Mapping[str, Stream] = field(default_factory=dict)  # see `streams`
    capabilities: frozenset[Capability] = EVERYTHING  # what there is to ask for
    interventions: tuple[Intervention, ...] = field(default=(), kw_only=True)  # what was changed
    unknown: tuple[Unknown, ...] = field(default=(), kw_only=True)  # one for each blank
    dropped: str = field(default="", kw_only=True)  # characters of which the model sees nothing
    target: str | None = field(default=None, kw_only=True)  # typed; None: generated, or none
    predicted: Predictions | None = field(default=None, kw_only=True)  # see `predictions`
    given: Given | None = field(default=None, kw_only=True)  # if they are no model's in here

    @classmethod
    def from_weights(
        cls,
        tokens: Any,
        weights: Any,
        special: Any = (),
        title: Any = "given weights",
        *,
        allowed: Any = None,
        keys: Any = None,
    ) -> "Trace":
        """A trace of attention weights that any other framework has computed.

        `tokens` and `title` are texts; `special` are the positions of special ones among `tokens`.
        `weights` are "layer head query key", from 0 to 1: an array or tensor of any framework,
        or lists of them, as transformers' own `attentions` of one text, or the steps of layers
        that `generate` returns. With `keys`, other texts, they are cross attention: `tokens` look
        at them.

        `allowed` is the mask that the model used, if any: 1 where a query may look, 0 where
        not, as "token" (transformers' attention_mask), "query key" or "layer head query key".
        Pairs that it does not allow are not drawn, and tokens that it leaves no pair are
        padding and left out; every picture says how many. NumPy's masked arrays carry such a
        mask themselves.

        Everything that needs weights alone can be drawn. Row sums that are not 1 are stated,
        and measures refuse rows that are no distribution.

        Raises:
            CaptureError: if the weights have another shape, are no weights, or are above 0 where
                the mask allows nothing, and later where what they do not hold is asked for.
        """
        from attnviz.core.given_any import given_any  # which makes one of these

        return given_any(tokens, keys, weights, special, title, allowed)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the only sequence, or of the first."""
        return next(iter(self.sequences.values()))

    def query_tokens(self, kind: Kind = "self") -> tuple[Token, ...]:
        """The tokens that look: the rows of weights of this kind. Raises as `check_kind`."""
        return self.sequences[SEQUENCES[self.check_kind(kind)][0]]

    def key_tokens(self, kind: Kind = "self") -> tuple[Token, ...]:
        """The tokens that are looked at: the columns of weights. Raises as `check_kind`."""
        return self.sequences[SEQUENCES[self.check_kind(kind)][1]]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of attention: "self"; of an encoder–decoder three."""
        return tuple(dict.fromkeys(kind for kind, _ in self.attention))

    def check_kind(self, kind: Kind) -> Kind:
        """This kind of attention; for "self" the only one that there is.

        Raises:
            ArgumentError: if there is none of this kind.
        """
        kinds = self.kinds
        if not isinstance(kind, str) or kind != "self":  # an array is no text, and no truth
            checks.one_of("kind", kind, kinds)
            return kind
        if len(kinds) > 1:
            raise ArgumentError("several_kinds", kinds=", ".join(map(repr, kinds)))
        return kinds[0]

    @property
    def heads(self) -> tuple[HeadId, ...]:
        """All heads, layer by layer."""
        layers = self.attention.items()
        return tuple(HeadId(n, h, kind) for (kind, n), of in layers for h in range(of.heads))

    @property
    def streams(self) -> Mapping[str, Stream]:
        """The residual stream of each sequence.

        Raises:
            CaptureError: if the trace holds none.
        """
        self.require("streams")
        return self.hidden

    @property
    def learned(self) -> tuple[LayerWeights, ...]:
        """W_Q, W_K, W_V, W_O and the Add & Norm of each layer.

        Raises:
            CaptureError: if the trace holds weights alone.
        """
        return tuple(self._scored(layer).learned for layer in range(self.model.layers))

    def require(self, what: Capability) -> None:
        """Make sure that there is such a thing to ask this trace for.

        Raises:
            ArgumentError: if there is no such thing at all.
            CaptureError: if not.
        """
        checks.one_of("what", what, get_args(Capability))
        if what not in self.capabilities:
            raise self._lacks(what)

    def _lacks(self, what: Capability) -> CaptureError:
        is_given = self.model.source == "given"
        return CaptureError("only_weights" if is_given else f"lacks_{what}")

    def __repr__(self) -> str:
        card, tokens = self.model, len(self.tokens)
        return f"<Trace: {card.title}, {card.layers} × {card.heads} heads, {tokens} tokens>"

    def check_heads(self, heads: Sequence[AnyHead]) -> tuple[HeadId, ...]:
        """These heads, each one that the model has.

        Raises:
            ArgumentError: if these are no heads, or none.
            InterventionError: if the model has no such head.
        """
        checked, card = as_heads(heads), self.model
        if len(self.kinds) == 1:  # then a pair is enough
            checked = tuple(one.of_kind(self.kinds[0]) for one in checked)
        missing = ", ".join(str(one) for one in checked if not self._has(one))
        if missing and len(self.kinds) > 1:
            raise InterventionError("no_such_head_of_kind", head=missing)
        if missing:
            sizes = {"layers": card.layers, "heads": card.heads}
            raise InterventionError("no_such_head", head=missing, **sizes)
        return checked

    def _has(self, head: HeadId) -> bool:
        record = self.attention.get((head.kind, head.layer))
        return record is not None and 0 <= head.head < record.heads

    def check_head(self, head: AnyHead) -> HeadId:
        """This head, which the model has. Raises as `check_heads` does."""
        return self.check_heads([as_head(head)])[0]

    def check_layer(self, layer: int, kind: Kind = "self") -> int:
        """This layer, which the model has.

        Raises:
            ArgumentError: if it is no whole number.
            InterventionError: if the model has no such layer.
        """
        number = checks.whole("layer", layer)
        asked = self.check_kind(kind)
        layers = sum(of == asked for of, _ in self.attention)
        if not 0 <= number < layers:
            raise InterventionError("no_such_layer", layer=number, layers=layers)
        return number

    if TYPE_CHECKING:  # and every other picture by its name
        overview: ClassVar[Draws]
        lines: ClassVar[Draws]
        heatmap: ClassVar[Draws]
        explore: ClassVar[Draws]
        to_frame: ClassVar[Callable[..., Any]]  # a table of pandas
        of_kind: ClassVar[Callable[..., Trace]]  # see `attnviz.core.one_kind`

    def _scored(self, layer: int, kind: Kind = "self") -> Scored:
        """Queries and keys of a layer, and what is learned there.

        Raises:
            CaptureError: if the trace holds weights alone.
        """
        record = self.weighted(layer, kind)
        if not isinstance(record, Scored):
            raise self._lacks("heads")
        return record

    def record(self, layer: int, kind: Kind = "self") -> AttentionRecord:
        """All that the attention of a layer showed.

        Raises:
            ArgumentError: if the model has no attention of this kind.
            CaptureError: if the trace holds weights alone.
            InterventionError: if the model has no such layer.
        """
        record = self._scored(layer, kind)
        if not isinstance(record, AttentionRecord):
            raise self._lacks("heads")
        return record

    def queries(self, layer: int, kind: Kind = "self") -> Float[np.ndarray, "head token d_head"]:
        """The queries q of every head of a layer."""
        return self._scored(layer, kind).queries

    def keys(self, layer: int, kind: Kind = "self") -> Float[np.ndarray, "kv_head token d_head"]:
        """The keys k of every head of a layer."""
        return self._scored(layer, kind).keys

    def values(self, layer: int, kind: Kind = "self") -> Float[np.ndarray, "kv_head token d_head"]:
        """The values v of every head of a layer."""
        return self.record(layer, kind).values

    def scores(self, head: AnyHead) -> Float[np.ndarray, "query key"]:
        """What softmax is given, for one head: scaled dot products, −∞ where not allowed."""
        of = self.check_head(head)
        return self._scored(of.layer, of.kind).scores(of.head)

    def head_output(
        self, layer: int, kind: Kind = "self"
    ) -> Float[np.ndarray, "head token d_head"]:
        """Z of every head, as the model computed it: the input of W_O, cut into heads."""
        return self.record(layer, kind).head_output

    def output_projection(self, head: AnyHead) -> Float[np.ndarray, "d_head d_model"]:
        """W_O^h: the rows of the layer's W_O that read this head."""
        of = self.check_head(head)
        return self._scored(of.layer, of.kind).output_projection(of.head)

    def input_projection(self, head: AnyHead, name: Projected) -> Projection:
        """W_Q^h, W_K^h or W_V^h with its bias: x @ weight + bias is the head's q, k or v."""
        of = self.check_head(head)
        checks.one_of("name", name, get_args(Projected))
        return self._scored(of.layer, of.kind).input_projection(of.head, name)

    def norm(self, layer: int) -> Norm:
        """The LayerNorm of a layer's Add & Norm.

        Raises:
            CaptureError: if the model has none there.
        """
        self.require("norms")
        return self._scored(layer).learned.norm

    def contribution(self, head: AnyHead) -> Float[np.ndarray, "token d_model"]:
        """Z W_O^h: what one head writes into the residual stream."""
        of = self.check_head(head)
        z = self.record(of.layer, of.kind).head_output[of.head]  # "token d_value"
        written: np.ndarray = z @ self.output_projection(head)  # of "d_value d_model"
        return written

    def attention_output(
        self, layer: int, kind: Kind = "self"
    ) -> Float[np.ndarray, "token d_model"]:
        """W_O(concat(z)): the contributions of all heads, plus the bias of W_O."""
        record = self.record(layer, kind)
        projection = record.learned.output
        total: np.ndarray = record.concat @ projection.weight + projection.bias
        return total

    def after_attention(self, layer: int) -> Float[np.ndarray, "token d_model"]:
        """The layer's z: attention output plus its input, normalised (Add & Norm)."""
        self.require("norms")
        return self._stream.after_attention[self.check_layer(layer)]

    def residual(self, depth: int) -> Float[np.ndarray, "token d_model"]:
        """X at depth 0, then r after each layer: the hidden states of the model."""
        self.check_kind("self")
        number, layers = checks.whole("depth", depth), self.model.layers
        if not 0 <= number <= layers:
            raise InterventionError("no_such_depth", depth=number, layers=layers)
        return self._stream.residual[number]

    @property
    def _stream(self) -> Stream:
        """The residual stream of `tokens`."""
        return self.streams[next(iter(self.sequences))]


add_methods(Trace)
