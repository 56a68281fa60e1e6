"""What a trace answers about its weights: of a head or a layer, of all queries or of some."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Bool, Float

from attnviz import checks
from attnviz.core.attention import AttentionKey, Weighted
from attnviz.core.heads import AnyHead, HeadId, Kind, as_heads
from attnviz.core.tiles import EVERY
from attnviz.errors import ArgumentError


class Looking:
    """Weights by head, by layer and by query."""

    __slots__ = ()
    attention: Mapping[AttentionKey, Weighted]

    @abstractmethod
    def check_head(self, head: AnyHead) -> HeadId:
        """This head, which the model has."""

    @abstractmethod
    def check_kind(self, kind: Kind) -> Kind:
        """This kind of attention; for "self" the only one that there is."""

    @abstractmethod
    def check_layer(self, layer: int, kind: Kind = "self") -> int:
        """This layer, which the model has."""

    def weighted(self, layer: int, kind: Kind = "self") -> Weighted:
        """What the attention of a layer showed, or the weights that were given of it.

        Raises:
            ArgumentError: if the model has no attention of this kind.
            InterventionError: if the model has no such layer.
        """
        return self.attention[self.check_kind(kind), self.check_layer(layer, kind)]

    def weights(self, head: AnyHead, queries: slice = EVERY) -> Float[np.ndarray, "query key"]:
        """The attention weights of one head. Rows sum to 1; what is not allowed is 0.

        `queries` are some of them: slice(100, 228) are the 128 queries from position 100 on.

        Raises:
            ArgumentError: if it is no head, or `queries` are no slice; so in the other methods.
            CaptureError: if the array would be larger than 1 GB.
        """
        of = self.check_head(head)
        return self.attention[of.kind, of.layer].weights(of.head, _some(queries))

    def row(self, head: AnyHead, query: int) -> Float[np.ndarray, " key"]:
        """The attention weights of one query in one head: at once, however long the text is.

        Raises:
            ArgumentError: if there is no token at this position.
        """
        of, position = self.check_head(head), checks.whole("query", query)
        record = self.attention[of.kind, of.layer]
        if not 0 <= position < record.sizes[0]:
            raise ArgumentError("no_such_token", position=position, tokens=record.sizes[0])
        row: np.ndarray = record.weights(of.head, slice(position, position + 1))[0]
        return row

    def layer_weights(
        self, layer: int, kind: Kind = "self", queries: slice = EVERY
    ) -> Float[np.ndarray, "head query key"]:
        """The attention weights of every head of a layer, or those of some queries.

        Raises:
            CaptureError: if the array would be larger than 1 GB.
        """
        return self.weighted(layer, kind).weights(slice(None), _some(queries))

    def allowed(
        self, head: AnyHead, queries: slice = EVERY
    ) -> Bool[np.ndarray, "query key"] | None:
        """Which query may look at which key; None: every one at all."""
        of = self.check_head(head)
        return self.attention[of.kind, of.layer].may_look(of.head, _some(queries))

    def allowed_in(
        self, heads: Iterable[AnyHead], queries: slice = EVERY
    ) -> Bool[np.ndarray, "query key"] | None:
        """The pairs that are allowed in one of the heads at least; None: all."""
        allowed: np.ndarray | None = None
        for head in as_heads(heads):
            may = self.allowed(head, queries)
            if may is None:
                return None
            allowed = may if allowed is None else allowed | may
        return allowed


def _some(queries: slice) -> slice:
    checks.kind("queries", queries, slice, "slice(100, 228)")
    return queries
